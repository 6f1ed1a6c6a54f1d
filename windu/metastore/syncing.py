"""One pass over the targets of a store: what one has whole, all get."""

from __future__ import annotations

from contextlib import suppress

from windu.exceptions import IntegrityError, MetastoreError, StorageError
from windu.metastore.copies import Copies, open_copy, read_record
from windu.metastore.finding import read_deleted, read_versions
from windu.metastore.names import run_folder, version_key
from windu.metastore.records import (
    AliasRecord,
    DeletedRecord,
    Record,
    VersionRecord,
)
from windu.metastore.saving import join
from windu.metastore.target import Listed, Target
from windu.metastore.upkeep import by_run, complete_runs, remove_files
from windu.persistence.manifest import MANIFEST

__all__ = ["sync"]

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
    # Aliases change: a file of the same name may say another version.
    _sync_records(copies, "aliases", AliasRecord, set(), True, done)
    # What cannot join is told by the next save.
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
    """Return why a target does not have a run whole, by sizes or every byte."""
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
    """Copy a run, the manifest last; return why it could not be."""
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
