"""Storage targets by fsspec: memory, object stores, SFTP."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import fsspec

from windu.exceptions import StorageError
from windu.metastore.names import check_key, is_key
from windu.metastore.target import Listed, guarded, scrub, too_large

__all__ = ["FileSystemTarget", "MemoryTarget", "RenamingTarget"]

#: What file systems call the time of the last change.
_MODIFIED = ("LastModified", "mtime", "last_modified", "updated", "created")


class FileSystemTarget:
    """An object store, where one request writes a file whole.

    Parameters
    ----------
    url : str
        A URL that fsspec knows.
    options : mapping, default=None
        Options of its file system.
    secrets : tuple of str, default=()
        Texts that no message may hold.
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
            # An object store has no first byte of an empty file to give.
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
        """Return the file system, opened in this very process, and a path in it."""
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
            # Each library has its own error for it.
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
    """A file system that fills files slowly and renames them at once, such as SFTP."""

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
    """Return when a file was written, as its file system says."""
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
