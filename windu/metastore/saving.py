"""Saving a run to every target that answers, then naming its version."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from windu.exceptions import IntegrityError, MetastoreError, StorageError
from windu.metastore.copies import Copies
from windu.metastore.records import (
    MAX_RECORD,
    AliasRecord,
    MirrorRecord,
    VersionRecord,
    alias_key,
    run_folder,
    version_key,
    version_of_key,
)
from windu.metastore.target import Target
from windu.persistence.format.manifest import MANIFEST, Manifest

__all__ = [
    "StoredRun",
    "claim",
    "join",
    "lost",
    "name_run",
    "now",
    "put_run",
    "set_alias",
    "store_files",
    "write_all",
]

MIRROR = "mirror.json"


@dataclass(frozen=True)
class StoredRun:
    """Where a run is found in a metastore.

    Parameters
    ----------
    id : str
        Its id; ids sort by time.
    name : str or None
        Its name.
    version : int or None
        Its version. None where a run is named by its id.
    digest : str
        The digest of its manifest.

    Examples
    --------
    >>> from windu.metastore import StoredRun
    >>> StoredRun("20260101T120000000000-0a1b2c3d", "credit", 3, "0" * 64).reference
    'credit@3'
    """

    id: str
    name: str | None
    version: int | None
    digest: str

    @property
    def reference(self) -> str:
        """The reference of this run for `load`."""
        return self.id if self.version is None else f"{self.name}@{self.version}"


def lost(copies: Copies, run: StoredRun) -> IntegrityError:
    """Return the error for a version whose run no target has."""
    return IntegrityError(
        f"The run {run.id!r} of {run.reference!r} must be in {copies.label!r}. No "
        "target has its manifest: it was removed by other means. Restore it from a "
        "backup, or delete the version."
    )


def now() -> str:
    """Return the time of a record."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def join(copies: Copies) -> None:
    """Mark the mirrors; raise if the first target is a mirror of another store.

    Raises
    ------
    MetastoreError
        If versions could be given twice.
    """
    try:
        mirrors = _is_mirror(copies.first)
    except StorageError:
        # With mirrors the run is kept there.
        if len(copies.targets) == 1:
            raise
        return
    if mirrors:
        raise MetastoreError(
            f"{copies.label!r} is the mirror of another store, which gives the "
            "versions. Save there; if that one is lost for good, remove the file "
            f"{MIRROR} in this one, and it gives them."
        )
    for mirror in copies.targets[1:]:
        with suppress(StorageError):
            _join(copies, mirror)


def _join(copies: Copies, mirror: Target) -> None:
    if _is_mirror(mirror):
        return
    own = set(mirror.list("names")) - set(copies.first.list("names"))
    if own:
        raise MetastoreError(
            f"A mirror must be empty, or a copy of {copies.label!r}. Got "
            f"{mirror.label!r}, which has versions of its own, such as "
            f"{sorted(own)[0]!r}. Mirror to another place."
        )
    with suppress(FileExistsError):
        mirror.create(MIRROR, MirrorRecord(time=now()).to_bytes(copies.key))


def _is_mirror(target: Target) -> bool:
    try:
        target.read(MIRROR, MAX_RECORD)
    except FileNotFoundError:
        return False
    return True


def put_run(
    copies: Copies, run: str, files: Mapping[str, bytes]
) -> dict[Target, StorageError]:
    """Write the files of a run, the manifest last, to every target.

    Parameters
    ----------
    copies : Copies
        The targets.
    run : str
        The id of the run.
    files : mapping of str to bytes
        Its files, in the order in which they are written.

    Returns
    -------
    dict of Target to StorageError
        The targets that do not have it.

    Raises
    ------
    StorageError
        If no target has it.
    """
    keyed = {f"{run_folder(run)}/{name}": data for name, data in files.items()}
    failed: dict[Target, StorageError] = {}
    for target in copies.targets:
        try:
            target.write(keyed)
        except StorageError as error:
            failed[target] = error
            # Frees the space of a run that cannot be loaded; whatever else
            # is left is invisible, and for `gc`.
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                with suppress(StorageError):
                    target.delete(reversed(keyed))
    if len(failed) == len(copies.targets):
        raise failed[copies.first]
    return failed


def claim(copies: Copies, name: str, run: str, digest: str) -> VersionRecord:
    """Assign the next version of a name to a stored run.

    Parameters
    ----------
    copies : Copies
        The targets that have the run; the first one that answers decides.
    name : str
        The name.
    run, digest : str
        The id of the run, and the digest of its manifest.

    Returns
    -------
    VersionRecord
        The record, which no other run has.

    Raises
    ------
    StorageError
        If no target answers.
    """
    number = 1 + max(_versions(copies, name), default=0)
    targets = list(copies.targets)
    while True:
        record = VersionRecord(
            time=now(), name=name, version=number, run=run, manifest=digest
        )
        data = record.to_bytes(copies.key)
        try:
            if _create(targets[0], version_key(name, number), data):
                return record
        except StorageError:
            if len(targets) == 1:
                raise
            del targets[0]
        else:
            number += 1


def _create(target: Target, key: str, data: bytes) -> bool:
    """Create a file; return whether it is ours, even if the response was lost."""
    try:
        target.create(key, data)
    except FileExistsError:
        return target.read(key, MAX_RECORD) == data
    except StorageError:
        with suppress(FileNotFoundError, StorageError):
            if target.read(key, MAX_RECORD) == data:
                return True
        raise
    return True


def _versions(copies: Copies, name: str) -> list[int]:
    """Return the versions of a name on any target."""
    keys: list[str] = []
    for target in copies.targets:
        with suppress(StorageError):
            keys += target.list(f"names/{name}")
    return [
        name_and_number[1]
        for name_and_number in map(version_of_key, keys)
        if name_and_number
    ]


def name_run(
    copies: Copies, name: str, run: str, digest: str
) -> tuple[VersionRecord, dict[Target, Exception]]:
    """Assign a version to a run on all targets.

    Returns
    -------
    VersionRecord
        The record.
    dict of Target to Exception
        The targets that do not have it.
    """
    record = claim(copies, name, run, digest)
    failed: dict[Target, Exception] = {}
    data, key = record.to_bytes(copies.key), version_key(name, record.version)
    for target in copies.targets:
        try:
            if not _create(target, key, data):
                failed[target] = MetastoreError(
                    f"It has another run as {name}@{record.version}"
                )
        except StorageError as error:
            failed[target] = error
    return record, failed


def write_all(copies: Copies, files: Mapping[str, bytes]) -> dict[Target, Exception]:
    """Write files to all targets that answer.

    Returns
    -------
    dict of Target to Exception
        The targets that do not have them.

    Raises
    ------
    StorageError
        If none answers.
    """
    failed: dict[Target, Exception] = {}
    for target in copies.targets:
        try:
            target.write(files)
        except StorageError as error:
            failed[target] = error
    if len(failed) == len(copies.targets):
        raise failed[copies.first]
    return failed


def set_alias(
    copies: Copies, name: str, alias: str, version: int | None
) -> dict[Target, Exception]:
    """Set or remove an alias.

    Returns
    -------
    dict of Target to Exception
        The targets that do not know it yet.
    """
    record = AliasRecord(time=now(), name=name, alias=alias, version=version)
    return write_all(copies, {alias_key(name, alias): record.to_bytes(copies.key)})


def store_files(
    copies: Copies, name: str, alias: str | None, files: Mapping[str, bytes]
) -> tuple[StoredRun, dict[Target, Exception]]:
    """Store the files of a run, the manifest last, and give it a version.

    Parameters
    ----------
    copies : Copies
        The targets.
    name : str
        The name.
    alias : str or None
        An alias for the new version.
    files : mapping of str to bytes
        As `to_artifacts` makes them.

    Returns
    -------
    StoredRun
        With its version.
    dict of Target to Exception
        The targets that do not have all of it.

    Raises
    ------
    StorageError
        If no target could be written.
    """
    manifest = Manifest.read(files[MANIFEST], "The new run", copies.key)
    run, digest = manifest.id, manifest.digest
    failed: dict[Target, Exception] = dict(put_run(copies, run, files))
    # A version is known only where its run is whole.
    reached = [target for target in copies.targets if target not in failed]
    copies = Copies(reached, copies.key)
    record, later = name_run(copies, name, run, digest)
    stored = StoredRun(run, name, record.version, digest)
    return stored, failed | later | _alias_new(copies, stored, alias)


def _alias_new(
    copies: Copies, stored: StoredRun, alias: str | None
) -> dict[Target, Exception]:
    if alias is None or stored.name is None:
        return {}
    try:
        return set_alias(copies, stored.name, alias, stored.version)
    except StorageError as error:
        text = (
            f"{error} The run itself is stored as {stored.reference!r}; set its alias "
            "with alias()."
        )
    raise StorageError(text)
