"""Maintenance of targets: verify, sync, delete, garbage collection."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

from windu.exceptions import (
    IntegrityError,
    MetastoreError,
    NotStoredError,
    StorageError,
)
from windu.metastore.copies import Copies, Problem, open_copy, problem_of, read_record
from windu.metastore.finding import (
    is_deleted,
    read_aliases,
    read_deleted,
    read_versions,
)
from windu.metastore.records import (
    AliasRecord,
    DeletedRecord,
    Record,
    VersionRecord,
    deleted_key,
    run_folder,
    version_key,
)
from windu.metastore.saving import StoredRun, join, now, set_alias, write_all
from windu.metastore.target import Listed, Target
from windu.persistence.format.manifest import MANIFEST

__all__ = [
    "by_run",
    "check_all",
    "check_target",
    "collect",
    "complete_runs",
    "delete_run",
    "move_alias",
    "remove_files",
    "sync",
]

_TIME_OF_ID = re.compile(r"([0-9]{8}T[0-9]{12})-")


def by_run(listed: dict[str, Listed]) -> dict[str, dict[str, Listed]]:
    """Return the files under ``runs/`` by the id of their run."""
    files_by_run: dict[str, dict[str, Listed]] = {}
    for key, info in listed.items():
        parts = key.split("/")
        if parts[0] == "runs" and len(parts) > 2:
            files_by_run.setdefault(parts[1], {})[key] = info
    return files_by_run


def complete_runs(listed: dict[str, Listed]) -> set[str]:
    """Return the ids of the runs that have a manifest."""
    return {
        run
        for run, files in by_run(listed).items()
        if f"{run_folder(run)}/{MANIFEST}" in files
    }


def check_all(copies: Copies) -> Iterator[Problem]:
    """Read every file of every target, and yield the problems."""
    expected: dict[str, str | None] = {}
    reached = []
    for target in copies.targets:
        try:
            expected |= dict.fromkeys(complete_runs(target.list("runs")))
        except StorageError as error:
            yield problem_of(target, "", error)
        else:
            reached.append(target)
    if not reached:
        return
    reachable = Copies(reached, copies.key)
    expected |= {record.run: record.manifest for record in read_versions(reachable, [])}
    for run in read_deleted(reachable, []):
        expected.pop(run, None)
    for target in reached:
        yield from check_target(reachable, target, expected)


def check_target(
    copies: Copies, target: Target, expected: dict[str, str | None]
) -> Iterator[Problem]:
    """Read every file of a target, and yield the problems.

    Parameters
    ----------
    copies : Copies
        The targets.
    target : Target
        The one to read.
    expected : dict of str to str or None
        The runs that it must have, and the digests of their manifests where known.

    Yields
    ------
    Problem
        What is missing, damaged or unreachable.
    """
    for record in read_versions(copies, []):
        key = f"names/{record.name}/{record.version}.json"
        fields = {"name": record.name, "version": record.version, "run": record.run}
        try:
            read_record(target, VersionRecord, key, copies.key, **fields)
        except FileNotFoundError:
            yield Problem(target.label, key, "missing")
        except (IntegrityError, StorageError) as error:
            yield problem_of(target, key, error)
    for run, digest in sorted(expected.items()):
        key = f"{run_folder(run)}/{MANIFEST}"
        try:
            opened, _ = open_copy(target, run, digest, copies.key)
        except FileNotFoundError:
            yield Problem(target.label, key, "missing")
            continue
        except (IntegrityError, StorageError) as error:
            yield problem_of(target, key, error)
            continue
        for name, entry in opened.manifest.artifacts.items():
            key = f"{run_folder(run)}/{name}"
            try:
                data = target.read(key, entry.bytes)
                opened.manifest.check(name, data, opened.where)
            except FileNotFoundError:
                yield Problem(target.label, key, "missing")
            except (IntegrityError, StorageError) as error:
                yield problem_of(target, key, error)


def delete_run(copies: Copies, run: str) -> dict[Target, Exception]:
    """Delete a run for good: a mark first, then its manifest, then the rest.

    Parameters
    ----------
    copies : Copies
        The targets; one of them must answer.
    run : str
        The id of the run.

    Returns
    -------
    dict of Target to Exception
        The targets that still have it.

    Raises
    ------
    MetastoreError
        If an alias points at it.
    """
    _check_no_alias(copies, run)
    key = deleted_key(run)
    mark = {key: DeletedRecord(time=now(), run=run).to_bytes(copies.key)}
    failed = write_all(copies, mark)
    marked = [target for target in copies.targets if target not in failed]
    try:
        # A concurrent `set_alias` looks for the mark in turn.
        _check_no_alias(copies, run)
    except MetastoreError:
        for target in marked:
            target.delete([key])
        raise
    for target in marked:
        try:
            remove_files(target, run)
        except StorageError as error:
            failed[target] = error
    return failed


def _check_no_alias(copies: Copies, run: str) -> None:
    versions = {
        (record.name, record.version)
        for record in read_versions(copies, [])
        if record.run == run
    }
    for alias in read_aliases(copies, []):
        if (alias.name, alias.version) in versions:
            raise MetastoreError(
                f"A run that is deleted must have no alias. '{alias.name}@"
                f"{alias.version}' is '{alias.name}@{alias.alias}'. Move the alias to "
                f"another version, or remove it: "
                f"store.remove_alias('{alias.name}@{alias.alias}')."
            )


def move_alias(copies: Copies, run: StoredRun, alias: str) -> dict[Target, Exception]:
    """Set an alias, unless its version is deleted concurrently.

    Returns
    -------
    dict of Target to Exception
        The targets that do not know it yet.
    """
    if run.version is None or run.name is None:
        raise MetastoreError(
            f"An alias is for a version of a name. Got {run.id!r}, the id of a run. "
            "Write it as name@version."
        )
    failed = set_alias(copies, run.name, alias, run.version)
    if is_deleted(copies, run.id):
        set_alias(copies, run.name, alias, None)
        raise NotStoredError(
            f"An alias is for a run that is there. {run.reference!r} was deleted "
            "meanwhile. Choose another version."
        )
    return failed


def remove_files(target: Target, run: str) -> int:
    """Remove the files of a run, the manifest first; return how many."""
    keys = [*target.list(run_folder(run))]
    target.delete(sorted(keys, key=lambda key: (not key.endswith(MANIFEST), key)))
    return len(keys)


def collect(
    copies: Copies, older_than: float, dry_run: bool
) -> Iterator[tuple[str, str, int, int]]:
    """Remove runs without a manifest, and leftovers of deletes.

    Parameters
    ----------
    copies : Copies
        The targets.
    older_than : float
        Age in seconds; younger files may still be written to.
    dry_run : bool
        Remove nothing, and only tell.

    Yields
    ------
    tuple
        Label of the target, what it is, number of its files and their bytes.
    """
    now_ = time.time()
    named: set[str] | None = None
    marked = read_deleted(copies, [])
    for target in copies.targets:
        try:
            listed = target.list("runs")
            temporary = target.list("tmp")
        except StorageError:
            continue
        complete = complete_runs(listed)
        for run, files in sorted(by_run(listed).items()):
            if now_ - _newest(run, files.values()) < older_than:
                continue
            if run not in marked:
                if run in complete:
                    continue
                # A run with a version was whole once: it is damaged, not a leftover.
                if named is None:
                    named = {record.run for record in read_versions(copies, [])}
                if run in named or _has_manifest(target, run):
                    continue
            if not dry_run:
                remove_files(target, run)
            yield (
                target.label,
                run,
                len(files),
                sum(record.bytes for record in files.values()),
            )
        for key, info in temporary.items():
            if now_ - (info.modified or now_) >= older_than:
                if not dry_run:
                    target.delete([key])
                yield target.label, key, 1, info.bytes


def _newest(run: str, files: Iterable[Listed]) -> float:
    """Return the latest modification time of a run, if known."""
    times = [record.modified for record in files if record.modified is not None]
    if match := _TIME_OF_ID.match(run):
        with suppress(ValueError):
            started = datetime.strptime(match[1], "%Y%m%dT%H%M%S%f")
            times.append(started.replace(tzinfo=UTC).timestamp())
    return max(times, default=0.0)


def _has_manifest(target: Target, run: str) -> bool:
    """Check again, since the listing may be outdated."""
    try:
        target.read(f"{run_folder(run)}/{MANIFEST}", 0)
    except FileNotFoundError:
        return False
    except (IntegrityError, StorageError):
        return True
    return True


_Rows = list[tuple[str, str, str, str]]


def sync(copies: Copies, deep: bool) -> _Rows:
    """Copy whole runs, and the records beside them, to the targets that lack them.

    A run is copied before its version, so that a version is known only where its run
    is whole. A copy is verified before anything is replaced by it.

    Parameters
    ----------
    copies : Copies
        The targets; those that do not answer are left out.
    deep : bool
        Read every byte instead of going by names and sizes.

    Returns
    -------
    list of tuple
        Target, item, action and detail of all that was done.
    """
    done: _Rows = []
    reached = []
    for target in copies.targets:
        try:
            target.list("names")
        except StorageError as error:
            done.append((target.label, "", "unreachable", str(error)))
        else:
            reached.append(target)
    if not reached:
        return done
    copies = Copies(reached, copies.key)
    _sync_records(copies, "deleted", DeletedRecord, set(), deep, done)
    lacking = _sync_runs(copies, read_deleted(copies, []), deep, done)
    _sync_records(copies, "names", VersionRecord, lacking, deep, done)
    # Aliases change: files of one name may name different versions.
    _sync_records(copies, "aliases", AliasRecord, set(), True, done)
    # The next save reports a mirror that cannot join.
    with suppress(MetastoreError, StorageError):
        join(copies)
    return done


def _sync_runs(
    copies: Copies, gone: set[str], deep: bool, done: _Rows
) -> set[tuple[str, str]]:
    """Copy runs; return the labels and keys of versions whose runs are not whole."""
    listed = {target: by_run(target.list("runs")) for target in copies.targets}
    for target, runs in listed.items():
        for run in sorted(gone & set(runs)):
            with suppress(StorageError):
                remove_files(target, run)
                done.append((target.label, run, "deleted", ""))
    digests: dict[str, str | None] = {}
    for runs in listed.values():
        files = {key: info for own in runs.values() for key, info in own.items()}
        digests |= dict.fromkeys(complete_runs(files))
    versions = {record.run: record for record in read_versions(copies, [])}
    digests |= {run: record.manifest for run, record in versions.items()}
    lacking = set()
    for run in sorted(set(digests) - gone):
        sizes = [_sizes(runs.get(run, {})) for runs in listed.values()]
        if not deep and all(of_target == sizes[0] for of_target in sizes):
            continue
        whole: dict[Target, Exception | None] = {
            target: _why_not_whole(
                target,
                run,
                digests[run],
                copies.key,
                None if deep else runs.get(run, {}),
            )
            for target, runs in listed.items()
        }
        source = next((one for one, reason in whole.items() if reason is None), None)
        for target, why in whole.items():
            if why is None:
                continue
            error = why if source is None else None
            if source is not None:
                error = _copy_run(source, target, run, digests[run], copies.key)
            if error is None:
                action = "mended" if listed[target].get(run) else "copied"
                done.append((target.label, run, action, ""))
                continue
            is_away = isinstance(error, StorageError)
            action = "failed" if is_away else "lost"
            done.append((target.label, run, action, str(error)))
            if run in versions:
                record = versions[run]
                key = version_key(record.name, record.version)
                lacking.add((target.label, key))
    return lacking


def _why_not_whole(
    target: Target,
    run: str,
    digest: str | None,
    secret: bytes | None,
    listed: dict[str, Listed] | None,
) -> Exception | None:
    """Return why a run is incomplete on a target, by sizes or by content."""
    folder = run_folder(run)
    try:
        opened, _ = open_copy(target, run, digest, secret)
        for name, entry in opened.manifest.artifacts.items():
            if listed is None:
                opened.read(name)
            elif _sizes(listed).get(f"{folder}/{name}") != entry.bytes:
                return IntegrityError(f"{folder}/{name} is not whole.")
    except (IntegrityError, FileNotFoundError, StorageError) as error:
        return error
    return None


def _copy_run(
    source: Target, target: Target, run: str, digest: str | None, secret: bytes | None
) -> Exception | None:
    """Copy a run, the manifest last; return the reason of a failure."""
    folder = run_folder(run)
    try:
        opened, manifest = open_copy(source, run, digest, secret)
        files = {
            f"{folder}/{name}": opened.read(name) for name in opened.manifest.artifacts
        }
        target.write({**files, f"{folder}/{MANIFEST}": manifest})
    except (IntegrityError, FileNotFoundError, StorageError) as error:
        return error
    return None


def _sync_records(
    copies: Copies,
    folder: str,
    kind: type[Record],
    lacking: set[tuple[str, str]],
    deep: bool,
    done: _Rows,
) -> None:
    """Give every target the records of a folder: of aliases the newest ones."""
    listed = {target: set(target.list(folder)) for target in copies.targets}
    for key in sorted(set[str]().union(*listed.values())):
        if not deep and all(key in keys for keys in listed.values()):
            continue
        found: dict[Target, tuple[Record, bytes] | Exception] = {}
        for target in copies.targets:
            try:
                found[target] = read_record(target, kind, key, copies.key)
            except (IntegrityError, FileNotFoundError, StorageError) as error:
                found[target] = error
        good = [one for one in found.values() if not isinstance(one, Exception)]
        if not good:
            reason = next(iter(found.values()))
            done.append((copies.label, key, "lost", str(reason)))
            continue
        # Only aliases change.
        newest = max(good, key=lambda one: one[0].time)
        record, data = newest if kind is AliasRecord else good[0]
        for target, own in found.items():
            if isinstance(own, StorageError):
                done.append((target.label, key, "failed", str(own)))
            elif isinstance(own, tuple) and _says_the_same(own[0], record):
                continue
            elif isinstance(own, tuple) and kind is VersionRecord:
                done.append((target.label, key, "conflict", "another run has it"))
            elif (target.label, key) not in lacking:
                try:
                    target.write({key: data})
                except StorageError as error:
                    done.append((target.label, key, "failed", str(error)))
                else:
                    done.append((target.label, key, "copied", ""))


def _says_the_same(one: Record, other: Record) -> bool:
    return one.model_dump(exclude={"time"}) == other.model_dump(exclude={"time"})


def _sizes(files: dict[str, Listed]) -> dict[str, int]:
    return {key: listed.bytes for key, listed in files.items()}
