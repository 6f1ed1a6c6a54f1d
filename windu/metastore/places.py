"""From what a user writes for a storage target to the target."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from windu.exceptions import MetastoreError, did_you_mean
from windu.metastore.filesystem import FileSystemTarget, MemoryTarget, RenamingTarget
from windu.metastore.local import LocalTarget
from windu.metastore.target import Target, scrub
from windu.metastore.zipped import ZipTarget

__all__ = ["Place", "open_target", "open_targets"]

Place = str | os.PathLike[str]

#: What fsspec keeps of the listings of object stores is of no use here: other
#: processes write to them too.
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
#: Options that are no secrets, and useful in a message.
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
    """Yield the texts among options that may be credentials."""
    if isinstance(options, Mapping):
        for name, value in options.items():
            if name not in _PLAIN:
                yield from _secrets(value)
    elif isinstance(options, (list, tuple, set)):
        for value in options:
            yield from _secrets(value)
    # A shorter one would tear words apart, and guards nothing.
    elif isinstance(options, str) and len(options) > 3:
        yield options
