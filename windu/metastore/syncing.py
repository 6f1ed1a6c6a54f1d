"""Targets that were away catch up: what one has whole, all get."""

from __future__ import annotations

from contextlib import suppress

from windu.exceptions import IntegrityError, MetastoreError, StorageError
from windu.metastore.copies import Copies, open_copy, read_record
from windu.metastore.finding import read_deleted, read_versions
from windu.metastore.names import pending_key, version_key
from windu.metastore.records import (
    AliasRecord,
    DeletedRecord,
    PendingRecord,
    Record,
    VersionRecord,
)
from windu.metastore.saving import join, name_run, set_alias
from windu.metastore.target import Listed, Target
from windu.metastore.upkeep import by_run, complete_runs, remove_files

__all__ = ["Syncing"]


class Syncing:
    """One pass over the targets that are there.

    Parameters
    ----------
    copies : Copies
        The targets.
    deep : bool
        Read every byte instead of going by names and sizes.
    """

    def __init__(self, copies: Copies, deep: bool):
        self.done: list[tuple[str, str, str, str]] = []
        self._deep = deep
        self._lacking: set[tuple[str, str]] = set()
        reached = []
        for target in copies.targets:
            try:
                target.list("names")
            except StorageError as error:
                self._add_row(target, "", "unreachable", error)
            else:
                reached.append(target)
        self._has_first = copies.first in reached
        self._there = bool(reached)
        self._copies = Copies(reached or copies.targets, copies.key)

    def run(self) -> list[tuple[str, str, str, str]]:
        """Return target, item, action and detail of all that was done."""
        if self._there:
            self._records("deleted", DeletedRecord)
            gone = read_deleted(self._copies, [])
            self._runs(gone)
            self._records("names", VersionRecord)
            self._aliases()
            if self._has_first:
                self._pending(gone)
                # One that was away when it should have joined; what cannot join is
                # told by the next save.
                with suppress(MetastoreError, StorageError):
                    join(self._copies)
        return self.done

    def _add_row(
        self, target: Target, item: str, action: str, detail: object = ""
    ) -> None:
        self.done.append((target.label, item, action, str(detail)))

    def _records(self, folder: str, kind: type[Record]) -> None:
        listed = [(target, target.list(folder)) for target in self._copies.targets]
        keys = sorted({key for _, files in listed for key in files})
        for key in keys:
            for target, files in listed:
                # A version is known only where its run is whole.
                lacks = (target.label, key) in self._lacking
                if not lacks and (self._deep or key not in files):
                    self._record(kind, key, target)

    def _record(self, kind: type[Record], key: str, target: Target) -> None:
        try:
            if self._copies.mend_record(kind, key, target):
                self._add_row(target, key, "copied")
            elif self._deep:
                first, good = self._copies.first, self._copies.key
                theirs = read_record(target, kind, key, good)[1]
                if theirs != read_record(first, kind, key, good)[1]:
                    self._add_row(target, key, "conflict", f"{first.label} has another")
        except (IntegrityError, FileNotFoundError) as error:
            self._add_row(target, key, "lost", error)
        except StorageError as error:
            self._add_row(target, key, "failed", error)

    def _runs(self, gone: set[str]) -> None:
        listed = [
            (each_target, by_run(each_target.list("runs")))
            for each_target in self._copies.targets
        ]
        for run in sorted(gone):
            for target, listed_runs in listed:
                if run in listed_runs:
                    with suppress(StorageError):
                        remove_files(target, run)
                        self._add_row(target, run, "deleted")
        versions = read_versions(self._copies, [])
        digests: dict[str, str | None] = {
            each_target.run: each_target.manifest for each_target in versions
        }
        keys = {
            each_target.run: version_key(each_target.name, each_target.version)
            for each_target in versions
        }
        for _, listed_runs in listed:
            flat = {
                key: info
                for files in listed_runs.values()
                for key, info in files.items()
            }
            digests |= {run: None for run in complete_runs(flat) if run not in digests}
        for run, digest in sorted(digests.items()):
            if run in gone:
                continue
            copies = [listed_runs.get(run, {}) for _, listed_runs in listed]
            if not self._deep and all(
                _sizes(each_target) == _sizes(copies[0]) for each_target in copies
            ):
                continue
            for (target, _), files in zip(listed, copies, strict=True):
                if not self._run(run, digest, target, files):
                    self._lacking.add((target.label, keys.get(run, "")))

    def _run(
        self, run: str, digest: str | None, target: Target, files: dict[str, Listed]
    ) -> bool:
        """Bring a run to a target; return whether it is whole there."""
        try:
            written = self._copies.mend_run(
                run, digest, target, None if self._deep else files
            )
        except (IntegrityError, FileNotFoundError) as error:
            self._add_row(target, run, "lost", error)
        except StorageError as error:
            self._add_row(target, run, "failed", error)
        else:
            if written:
                self._add_row(target, run, "copied" if not files else "mended")
            return True
        return False

    def _aliases(self) -> None:
        """Let the first target that knows an alias tell the others."""
        folders = [target.list("aliases") for target in self._copies.targets]
        for key in sorted({key for files in folders for key in files}):
            try:
                _, data = self._copies.first_good(
                    key,
                    lambda target, key=key: read_record(  # type: ignore[misc]
                        target, AliasRecord, key, self._copies.key
                    ),
                    [],
                )
            except (IntegrityError, FileNotFoundError, StorageError) as error:
                self._add_row(self._copies.first, key, "lost", error)
                continue
            for target in self._copies.targets:
                same = b""
                with suppress(FileNotFoundError, IntegrityError, StorageError):
                    same = read_record(target, AliasRecord, key, self._copies.key)[1]
                if same != data:
                    self._write(target, key, data)

    def _write(self, target: Target, key: str, data: bytes) -> None:
        try:
            target.write({key: data})
        except StorageError as error:
            self._add_row(target, key, "failed", error)
        else:
            self._add_row(target, key, "copied")

    def _pending(self, gone: set[str]) -> None:
        """Give the runs their versions that were saved without the first target."""
        waiting = {
            key
            for each_target in self._copies.targets
            for key in each_target.list("pending")
        }
        for key in sorted(waiting):
            try:
                record = self._copies.record(PendingRecord, key, [])
            except (IntegrityError, FileNotFoundError, StorageError) as error:
                self._add_row(self._copies.first, key, "lost", error)
                continue
            runs = {
                each_target.run
                for each_target in read_versions(self._copies, [], record.name)
            }
            if pending_key(record.run) != key:
                continue
            if record.run not in runs | gone and not self._name(record):
                continue
            for target in self._copies.targets:
                with suppress(StorageError):
                    target.delete([key])

    def _name(self, record: PendingRecord) -> bool:
        """Give a run its version, if it is whole where versions are given."""
        first = self._copies.first
        try:
            open_copy(first, record.run, record.manifest, self._copies.key)
            version, failed = name_run(
                self._copies, record.name, record.run, record.manifest
            )
            if record.alias is not None:
                failed |= set_alias(
                    self._copies, record.name, record.alias, version.version
                )
        except (IntegrityError, FileNotFoundError, StorageError) as error:
            self._add_row(first, record.run, "failed", error)
            return False
        named = f"{record.name}@{version.version}"
        self._add_row(first, record.run, "named", named)
        for target, why in failed.items():
            self._add_row(target, named, "failed", why)
        return True


def _sizes(files: dict[str, Listed]) -> dict[str, int]:
    return {key: listed.bytes for key, listed in files.items()}
