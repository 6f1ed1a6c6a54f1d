"""A run: a manifest and artifacts, each checked against it before it is parsed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from windu.exceptions import IntegrityError, PersistenceError
from windu.persistence.format.container import MAX_BYTES, MAX_FILE, unpack
from windu.persistence.format.manifest import MANIFEST, MAX_MANIFEST, Manifest
from windu.steps import PARTS

__all__ = ["Run", "open_path", "open_run"]

_OBJECTS = (*PARTS, "estimator", "object")
_ARTIFACTS = {
    *(f"{name}.skops" for name in _OBJECTS),
    *("schema.json", "columns.json", "example.parquet", "feature_schema.json"),
    *("expected.json", "metrics.json", "stats.json", "config.yaml"),
    *("environment.json", "README.md"),
}
_NATIVE = re.compile(rf"({'|'.join(_OBJECTS)})\.[0-9]{{1,5}}\.[a-z0-9_]{{1,30}}\Z")

Read = Callable[[str, int], bytes]


class Run:
    """One stored result.

    Parameters
    ----------
    manifest : Manifest
        As read.
    read : callable
        Given the name of an artifact and the most bytes it may have, returns them.
    where : str
        What the run is called in messages.
    checked : bool, default=False
        Whether all that `read` gives was compared with the manifest.
    signed : bool, default=False
        Whether the manifest is signed with a key of the caller.
    """

    def __init__(
        self,
        manifest: Manifest,
        read: Read,
        source: str,
        checked: bool = False,
        signed: bool = False,
    ):
        self.manifest = manifest
        self.where = source
        self._read = read
        self._checked = checked
        self.signed = signed

    def read(self, name: str) -> bytes:
        """Return the bytes of an artifact, checked against the manifest.

        Parameters
        ----------
        name : str
            Name of the artifact.

        Returns
        -------
        bytes
            Its content.

        Raises
        ------
        IntegrityError
            If it is missing, or has other bytes.
        """
        if name not in self.manifest.artifacts:
            raise IntegrityError(
                f"{self.where} must have the artifact {name!r}. Got only "
                f"{sorted(self.manifest.artifacts)}."
            )
        try:
            data = self._read(name, self.manifest.artifacts[name].bytes)
        except FileNotFoundError as error:
            raise IntegrityError(
                f"{self.where} must have the artifact {name!r}, which its manifest "
                "names. Got none. Get a whole copy."
            ) from error
        if not self._checked:
            self.manifest.check(name, data, self.where)
        return data

    def called(self, name: str) -> str:
        """Return the name of an artifact in messages."""
        return f"{name!r} of {self.where}"


def open_run(read: Read, source: str, *, key: bytes | None = None) -> Run:
    """Open a run; its manifest is verified.

    Parameters
    ----------
    read : callable
        Given the name of an artifact and the most bytes it may have, returns them, or
        raises a `FileNotFoundError`.
    source : str
        What the run is called in messages.
    key : bytes, default=None
        The manifest must be signed with it.

    Returns
    -------
    Run
        Its artifacts are read when they are asked for.

    Raises
    ------
    IntegrityError
        If the manifest is missing, damaged, or not signed as asked.
    VersionError
        If a newer windu wrote it.
    """
    try:
        data = read(MANIFEST, MAX_MANIFEST)
    except FileNotFoundError as error:
        raise IntegrityError(
            f"{source} must have a {MANIFEST}, which is written last. Got none: it is "
            "no run, or its save never ended. Save it again."
        ) from error
    manifest = Manifest.read(data, source, key)
    for name, entry in manifest.artifacts.items():
        if name not in _ARTIFACTS and not _NATIVE.match(name):
            raise IntegrityError(
                f"{source} must have artifacts that windu knows. Got {name!r}."
            )
        if entry.bytes > MAX_BYTES:
            raise IntegrityError(
                f"An artifact has at most {MAX_BYTES} bytes. Got {entry.bytes} for "
                f"{name!r} of {source}."
            )
    return Run(manifest, read, source, signed=key is not None)


def open_path(path: str | Path, *, key: bytes | None = None) -> Run:
    """Open the run in a folder or a file.

    Parameters
    ----------
    path : str or pathlib.Path
        As `windu.save` wrote it.
    key : bytes, default=None
        The manifest must be signed with it.

    Returns
    -------
    Run
        As from `open_run`.

    Raises
    ------
    PersistenceError
        If there is nothing, or it is none.
    """
    path = Path(path)
    source = f"The {'folder' if path.is_dir() else 'file'} {str(path)!r}"
    if path.is_dir():
        return open_run(lambda name, most: _head(path / name, most), source, key=key)
    try:
        members = unpack(_head(path, MAX_FILE), source)
    except FileNotFoundError as error:
        raise PersistenceError(
            f"{source} must exist. Got none. Check the path."
        ) from error
    run = open_run(lambda name, most: _member(members, name), source, key=key)
    if list(members) != [*sorted(run.manifest.artifacts), MANIFEST]:
        raise IntegrityError(
            f"{source} must hold just the artifacts of its manifest. Got "
            f"{list(members)}. Get a whole copy."
        )
    for name in run.manifest.artifacts:
        run.manifest.check(name, members[name], source)
    return Run(
        run.manifest,
        lambda name, _: _member(members, name),
        source,
        checked=True,
        signed=run.signed,
    )


def _head(path: Path, most: int) -> bytes:
    """Read a file up to a size, and one byte more if it is larger."""
    try:
        with path.open("rb") as file:
            return file.read(min(most, os.fstat(file.fileno()).st_size) + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise PersistenceError(
            f"{str(path)!r} must be readable. Got: {error}."
        ) from error


def _member(members: Mapping[str, memoryview], name: str) -> bytes:
    if name not in members:
        raise FileNotFoundError(name)
    return bytes(members[name])
