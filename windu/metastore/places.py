"""Storage targets from paths and URLs, by fsspec where needed."""

from __future__ import annotations

import importlib
import os
import re
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import fsspec

from windu.exceptions import MetastoreError, StorageError, did_you_mean
from windu.metastore.local import LocalTarget, ZipTarget
from windu.metastore.records import check_key, is_key
from windu.metastore.target import Listed, Target, guarded, scrub, too_large

__all__ = [
    "FileSystemTarget",
    "MemoryTarget",
    "Place",
    "RenamingTarget",
    "open_target",
    "open_targets",
]

#: Names of the modification time in file systems.
_MODIFIED = ("LastModified", "mtime", "last_modified", "updated", "created")


class FileSystemTarget:
    """An object store, in which one request writes a whole file.

    Parameters
    ----------
    url : str
        A URL that fsspec knows.
    options : mapping, default=None
        Options of its file system.
    secrets : tuple of str, default=()
        Texts that must not appear in messages.
    """

    def __init__(
        self,
        url: str,
        options: Mapping[str, Any] | None = None,
        secrets: tuple[str, ...] = (),
    ):
        self.label = scrub(url, ())
        self.secrets = secrets
        self._url = url
        self._options = dict(options or {})
        self._opened: tuple[int, Any, str] | None = None
        self._exclusive = False

    @guarded("readable")
    def read(self, key: str, cap: int) -> bytes:
        """Return a file of at most `cap` bytes, or raise FileNotFoundError."""
        fs, path = self._at(key)
        try:
            data = fs.cat_file(path, start=0, end=cap + 1)
        except FileNotFoundError:
            raise
        except OSError:
            # A range request for an empty file fails in object stores.
            if fs.size(path) != 0:
                raise
            data = b""
        if len(data) > cap:
            raise too_large(self.label, key, cap)
        return bytes(data)

    @guarded("writable")
    def write(self, files: Mapping[str, bytes]) -> None:
        """Write files one after the other; one that is there is replaced."""
        for key, data in files.items():
            self._store_bytes(*self._at(key), data)

    @guarded("claimable")
    def create(self, key: str, data: bytes) -> None:
        """Write one file, or raise FileExistsError: of many writers one wins."""
        fs, path = self._at(key)
        self._claim(fs, path, data)
        if self._exclusive:
            return
        try:
            self._claim(fs, path, data)
        except FileExistsError:
            self._exclusive = True
            return
        raise StorageError(
            f"The storage target {self.label!r} must let one of several writers win. "
            "It wrote the same file twice, so that a version could be given twice. "
            "Use a target with conditional writes as the first, and this as a mirror."
        )

    @guarded("writable")
    def delete(self, keys: Iterable[str]) -> None:
        """Remove files one after the other; one that is not there is no error."""
        for key in keys:
            fs, path = self._at(key)
            with suppress(FileNotFoundError):
                fs.rm_file(path)

    @guarded("listable")
    def list(self, folder: str) -> dict[str, Listed]:
        """Return the files in a folder and its folders; none if it is not there."""
        fs, path = self._at(folder)
        try:
            entries = fs.find(path, detail=True)
        except FileNotFoundError:
            return {}
        start = len(path) - len(folder)
        listed = {
            name[start:]: Listed(info["size"], _modified(info))
            for name, info in entries.items()
            if name.startswith(f"{path}/")
        }
        return {key: info for key, info in listed.items() if is_key(key)}

    def _at(self, key: str) -> tuple[Any, str]:
        """Return the file system, opened in this process, and a path in it."""
        check_key(key)
        if self._opened is None or self._opened[0] != os.getpid():
            fs, root = fsspec.core.url_to_fs(self._url, **self._options)
            self._opened = os.getpid(), fs, root.rstrip("/")
        _, fs, root = self._opened
        return fs, f"{root}/{key}"

    def _store_bytes(self, fs: Any, path: str, data: bytes) -> None:
        fs.pipe_file(path, data)

    def _claim(self, fs: Any, path: str, data: bytes) -> None:
        try:
            fs.pipe_file(path, data, mode="create")
        except OSError:
            # Each library has its own exception type.
            if fs.exists(path):
                raise FileExistsError(path) from None
            raise


class MemoryTarget(FileSystemTarget):
    """The memory of this process."""

    _lock = threading.Lock()

    def _claim(self, fs: Any, path: str, data: bytes) -> None:
        with self._lock:
            if fs.exists(path):
                raise FileExistsError(path)
            self._store_bytes(fs, path, data)


class RenamingTarget(FileSystemTarget):
    """A file system with slow writes and atomic renames, such as SFTP."""

    def _store_bytes(self, fs: Any, path: str, data: bytes) -> None:
        assert self._opened is not None
        beside = f"{self._opened[2]}/tmp/{uuid.uuid4().hex}"
        fs.makedirs(beside.rpartition("/")[0], exist_ok=True)
        fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        fs.pipe_file(beside, data)
        fs.mv(beside, path)

    def _claim(self, fs: Any, path: str, data: bytes) -> None:
        fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        try:
            with fs.open(path, "xb") as file:
                file.write(data)
        except OSError:
            if fs.exists(path):
                raise FileExistsError(path) from None
            raise


def _modified(info: Mapping[str, Any]) -> float | None:
    """Return the modification time of a file."""
    for name in _MODIFIED:
        value = info.get(name)
        if isinstance(value, datetime):
            return value.timestamp()
        if isinstance(value, (int, float)):
            return float(value)
        if isinstance(value, str):
            with suppress(ValueError):
                return datetime.fromisoformat(value).timestamp()
    return None


Place = str | os.PathLike[str]

#: Listings are not cached, since other processes write to the store as well.
_FRESH = {"use_listings_cache": False}
_KINDS: dict[str, tuple[type[FileSystemTarget], dict[str, Any], str, str]] = {
    "memory": (MemoryTarget, {}, "fsspec", "fsspec"),
    "s3": (FileSystemTarget, _FRESH, "s3fs", "windu[s3]"),
    "s3a": (FileSystemTarget, _FRESH, "s3fs", "windu[s3]"),
    "gs": (FileSystemTarget, _FRESH, "gcsfs", "windu[gcs]"),
    "gcs": (FileSystemTarget, _FRESH, "gcsfs", "windu[gcs]"),
    "az": (FileSystemTarget, _FRESH, "adlfs", "adlfs"),
    "abfs": (FileSystemTarget, _FRESH, "adlfs", "adlfs"),
    "sftp": (RenamingTarget, {}, "paramiko", "paramiko"),
    "ssh": (RenamingTarget, {}, "paramiko", "paramiko"),
}
_LOCAL = {"file", "local", "zip"}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
#: Options that are not secret and useful in messages.
_PLAIN = {
    *("account_name", "anon", "endpoint_url", "host", "location", "port", "profile"),
    *("project", "region", "region_name", "user", "username", "version_aware"),
}


def open_targets(
    target: Place,
    mirrors: Sequence[Place | tuple[Place, Mapping[str, Any]]] = (),
    options: Mapping[str, Any] | None = None,
) -> list[Target]:
    """Return the storage targets of a store, the first one and its mirrors.

    Parameters
    ----------
    target : str or path
        As in `open_target`.
    mirrors : sequence of str, path or tuple, default=()
        The others, as pairs where they have options.
    options : mapping, default=None
        Of the first.

    Returns
    -------
    list of Target
        In this order.

    Raises
    ------
    MetastoreError
        If one stands twice, or is none.
    """
    if isinstance(mirrors, (str, os.PathLike)):
        raise MetastoreError(
            f"mirrors must be a list. Got one {type(mirrors).__name__}; put it in "
            "brackets."
        )
    targets = [open_target(target, options)]
    for mirror in mirrors:
        pair = mirror if isinstance(mirror, tuple) else (mirror, None)
        targets.append(open_target(*pair))
    labels = [opened.label for opened in targets]
    if len(set(labels)) < len(labels):
        raise MetastoreError(
            f"Each target must be another place. Got {labels}. Leave one out."
        )
    return targets


def open_target(place: Place, options: Mapping[str, Any] | None = None) -> Target:
    """Return the storage target that a path or a URL means.

    Parameters
    ----------
    place : str or path
        A folder, a file with the suffix ``.zip``, or a URL.
    options : mapping, default=None
        Options of fsspec's file system, for instance credentials.

    Returns
    -------
    Target
        The target; nothing is read or made yet.

    Raises
    ------
    MetastoreError
        For a scheme that is not known, or whose library is not installed.
    """
    if not isinstance(place, (str, os.PathLike)) or not os.fspath(place):
        raise MetastoreError(
            "A storage target must be a path or a URL. Got "
            f"{type(place).__name__}. Pass for instance './models' or 's3://bucket/x'."
        )
    text = os.fspath(place)
    url = _SCHEME.match(text)
    if isinstance(place, str) and "::" in text:
        raise MetastoreError(
            "A storage target must be one URL. Got a chain of several, "
            f"{scrub(text, ())!r}. Pass the place itself, without '::'."
        )
    if url is None or url[1].lower() in _LOCAL:
        return _open_local(text[url.end() :] if url else text, options)
    scheme = url[1].lower()
    if scheme not in _KINDS:
        protocols = sorted({*_KINDS, *_LOCAL})
        raise MetastoreError(
            f"The scheme of a storage target must be one of {protocols}. Got "
            f"{scheme!r}.{did_you_mean(scheme, protocols)}"
        )
    kind, own, module, package = _KINDS[scheme]
    try:
        importlib.import_module(module)
    except ImportError as error:
        raise MetastoreError(
            f"A storage target {scheme}:// needs the package {module}. It is not "
            f"installed; run pip install '{package}'."
        ) from error
    secrets = [*_secrets(options or {}), *_password(text)]
    return kind(text, {**own, **(options or {})}, tuple(secrets))


def _open_local(path: str, options: Mapping[str, Any] | None) -> Target:
    if options:
        raise MetastoreError(
            "storage_options are for a URL such as s3://bucket/models. Got some for "
            f"{path!r}. Leave them out; a mirror gets its own as (url, options)."
        )
    if path.lower().endswith(".zip") and not Path(path).is_dir():
        return ZipTarget(path)
    return LocalTarget(path)


def _password(url: str) -> list[str]:
    """Return the password that stands in a URL, if there is one."""
    user, at, _ = url.partition("://")[2].split("/")[0].rpartition("@")
    return [user.partition(":")[2]] if at and ":" in user else []


def _secrets(options: Any) -> Iterator[str]:
    """Yield the option values that may be credentials."""
    if isinstance(options, Mapping):
        for name, value in options.items():
            if name not in _PLAIN:
                yield from _secrets(value)
    elif isinstance(options, (list, tuple, set)):
        for value in options:
            yield from _secrets(value)
    # Shorter texts would match parts of words.
    elif isinstance(options, str) and len(options) > 3:
        yield options
