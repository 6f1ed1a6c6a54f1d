"""Resolve references such as ``credit@3`` or ``credit@production`` to runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from windu.exceptions import IntegrityError, NotStoredError, StorageError, did_you_mean
from windu.metastore.copies import Copies, Problem, read_record
from windu.metastore.records import (
    LATEST,
    AliasRecord,
    DeletedRecord,
    Reference,
    VersionRecord,
    alias_key,
    check_name,
    deleted_key,
    is_key,
    read_reference,
    version_key,
    version_of_key,
)
from windu.metastore.saving import StoredRun

__all__ = [
    "aliases_of",
    "check_known",
    "find",
    "is_deleted",
    "read_aliases",
    "read_all",
    "read_deleted",
    "read_versions",
]

_T = TypeVar("_T")

#: Records are small and many, so that latency dominates: they are read in threads.
_THREADS = 16


def find(copies: Copies, text: str, problems: list[Problem]) -> StoredRun:
    """Return the run that a reference means.

    Parameters
    ----------
    copies : Copies
        The targets.
    text : str
        ``name@version``, ``name@alias``, ``name`` for the latest, or the id of a run.
    problems : list of Problem
        Gets what was wrong with targets on the way.

    Returns
    -------
    StoredRun
        The run; its files were not looked at, unless an id was given.

    Raises
    ------
    NotStoredError
        If there is none, with near misses.
    """
    reference = read_reference(text)
    if reference.alias is not None:
        reference = Reference(
            reference.name, _version_of_alias(copies, reference, problems)
        )
    if reference.version is None:
        numbers = _numbers(copies, reference.name, problems)
        if not numbers and reference.bare:
            return _find_id(copies, reference.name, problems)
        return _latest(copies, reference.name, numbers, problems)
    key = version_key(reference.name, reference.version)
    try:
        record = copies.record(
            VersionRecord, key, problems, name=reference.name, version=reference.version
        )
    except FileNotFoundError:
        numbers = _numbers(copies, reference.name, problems)
        if not numbers:
            raise _no_name(copies, reference.name, problems) from None
        raise NotStoredError(
            f"{reference.name!r} in {copies.label!r} has the versions {_few(numbers)}. "
            "Got "
            f"{reference.version}. Use one of them."
        ) from None
    if is_deleted(copies, record.run):
        raise _deleted(copies, text)
    return _stored(record)


def _version_of_alias(
    copies: Copies, reference: Reference, problems: list[Problem]
) -> int | None:
    assert reference.alias is not None
    try:
        record = copies.record(
            AliasRecord,
            alias_key(reference.name, reference.alias),
            problems,
            name=reference.name,
            alias=reference.alias,
        )
    except FileNotFoundError:
        record = None
    if record is not None and record.version is not None:
        return record.version
    if not _numbers(copies, reference.name, problems):
        raise _no_name(copies, reference.name, problems)
    aliases = sorted(
        alias_record.alias
        for alias_record in read_aliases(copies, problems, reference.name)
        if alias_record.version is not None
    )
    raise NotStoredError(
        f"{reference.name!r} in {copies.label!r} has the aliases {[*aliases, LATEST]}. "
        "Got "
        f"{reference.alias!r}.{did_you_mean(reference.alias, aliases)}"
    )


def _latest(
    copies: Copies, name: str, numbers: list[int], problems: list[Problem]
) -> StoredRun:
    for number in reversed(numbers):
        record = copies.record(
            VersionRecord,
            version_key(name, number),
            problems,
            name=name,
            version=number,
        )
        if not is_deleted(copies, record.run):
            return _stored(record)
    if numbers:
        raise _deleted(copies, name)
    raise _no_name(copies, name, problems)


def _find_id(copies: Copies, run: str, problems: list[Problem]) -> StoredRun:
    if is_deleted(copies, run):
        raise _deleted(copies, run)
    try:
        manifest = copies.use(run, None, lambda opened: opened.manifest, problems)
    except FileNotFoundError:
        raise _no_name(copies, run, problems) from None
    name = manifest.lineage.get("name")
    return StoredRun(
        run, name if isinstance(name, str) else None, None, manifest.digest
    )


def _numbers(copies: Copies, name: str, problems: list[Problem]) -> list[int]:
    """Return the versions of a name, in order."""
    listed = copies.listing(f"names/{name}", problems)
    return sorted(
        name_and_number[1]
        for name_and_number in map(version_of_key, listed)
        if name_and_number
    )


def is_deleted(copies: Copies, run: str) -> bool:
    """Tell whether a run was deleted, as the first target that answers says."""
    for target in copies.targets:
        try:
            read_record(target, DeletedRecord, deleted_key(run), copies.key, run=run)
        except FileNotFoundError:
            return False
        except (IntegrityError, StorageError):
            continue
        return True
    return False


def read_deleted(copies: Copies, problems: list[Problem]) -> set[str]:
    """Return the ids of the deleted runs whose marks are good."""

    def read(run: str) -> str:
        key = deleted_key(run)
        return copies.record(DeletedRecord, key, problems, run=run).run

    keys = copies.listing("deleted", problems)
    runs = [key.split("/")[1].removesuffix(".json") for key in keys]
    return set(read_all(copies, runs, read, problems))


def read_versions(
    copies: Copies, problems: list[Problem], name: str | None = None
) -> list[VersionRecord]:
    """Return the versions of a name, or of all; a damaged one is a problem."""
    folder = "names" if name is None else f"names/{check_name(name)}"
    keys = [key for key in copies.listing(folder, problems) if version_of_key(key)]

    def read(key: str) -> VersionRecord:
        name_and_number = version_of_key(key)
        assert name_and_number is not None
        return copies.record(
            VersionRecord,
            key,
            problems,
            name=name_and_number[0],
            version=name_and_number[1],
        )

    records = read_all(copies, keys, read, problems)
    return sorted(records, key=lambda record: (record.name, record.version))


def read_aliases(
    copies: Copies, problems: list[Problem], name: str | None = None
) -> list[AliasRecord]:
    """Return the aliases of a name, or of all, with the removed ones."""
    folder = "aliases" if name is None else f"aliases/{check_name(name)}"
    keys = [
        key
        for key in copies.listing(folder, problems)
        if key.count("/") == 2 and key.endswith(".json") and is_key(key)
    ]

    def read(key: str) -> AliasRecord:
        _, name, alias = key.removesuffix(".json").split("/")
        return copies.record(AliasRecord, key, problems, name=name, alias=alias)

    return read_all(copies, keys, read, problems)


def aliases_of(records: Iterable[AliasRecord]) -> dict[tuple[str, int], list[str]]:
    """Return the aliases of each name and version."""
    aliases = defaultdict(list)
    for record in records:
        if record.version is not None:
            aliases[record.name, record.version].append(record.alias)
    return {key: sorted(names) for key, names in aliases.items()}


def read_all(
    copies: Copies,
    keys: Iterable[str],
    read: Callable[[str], _T],
    problems: list[Problem],
) -> list[_T]:
    """Read each key; a record that no target has intact is a problem."""

    def attempt(key: str) -> list[_T]:
        try:
            return [read(key)]
        except FileNotFoundError:
            # Removed after the listing.
            return []
        except (IntegrityError, StorageError) as error:
            problems.append(Problem(copies.label, key, "lost", str(error)))
            return []

    with ThreadPoolExecutor(_THREADS) as threads:
        return [record for result in threads.map(attempt, keys) for record in result]


def check_known(copies: Copies, name: str, problems: list[Problem]) -> None:
    """Raise a `NotStoredError` for a name without versions."""
    if not _numbers(copies, name, problems):
        raise _no_name(copies, name, problems)


def _stored(record: VersionRecord) -> StoredRun:
    return StoredRun(record.run, record.name, record.version, record.manifest)


def _no_name(copies: Copies, name: str, problems: list[Problem]) -> NotStoredError:
    keys = map(version_of_key, copies.listing("names", problems))
    names = sorted({name_and_number[0] for name_and_number in keys if name_and_number})
    if not names:
        return NotStoredError(
            f"A run must be saved before it is used. Got {name!r}, and "
            f"{copies.label!r} has no runs. Check the place, or save one."
        )
    return NotStoredError(
        f"A run must be named by one of {_few(names)}, or by its id. Got {name!r}, "
        f"which {copies.label!r} does not have.{did_you_mean(name, names)}"
    )


def _deleted(copies: Copies, text: str) -> NotStoredError:
    return NotStoredError(
        f"A run that is used must still be there. {text!r} in {copies.label!r} was "
        "deleted. Choose another; runs() lists them."
    )


def _few(values: Sequence[object]) -> str:
    """Return the last of some values as a text."""
    return f"{'... ' if len(values) > 20 else ''}{list(values[-20:])}"
