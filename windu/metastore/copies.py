"""The same files on several targets: read from the first good copy, mend the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from windu.exceptions import IntegrityError, StorageError
from windu.metastore.names import run_folder
from windu.metastore.records import MAX_RECORD, Record
from windu.metastore.target import Listed, Target
from windu.persistence.manifest import MANIFEST, MAX_MANIFEST
from windu.persistence.runs import Run, open_run

__all__ = ["Copies", "Problem", "open_copy", "problem_of", "read_record"]

_T = TypeVar("_T")
_R = TypeVar("_R", bound=Record)


@dataclass(frozen=True)
class Problem:
    """What is wrong with one file of one target.

    Attributes
    ----------
    target : str
        Label of the target.
    key : str
        The file.
    problem : str
        ``"missing"``, ``"damaged"`` or ``"unreachable"``.
    detail : str
        What the error said.
    """

    target: str
    key: str
    problem: str
    detail: str = ""


class Copies:
    """The targets of a store. The first one gives the versions; the others mirror it.

    Parameters
    ----------
    targets : sequence of Target
        One or more.
    key : bytes or None
        The key that everything is signed with.
    """

    def __init__(self, targets: Sequence[Target], key: bytes | None):
        self.targets = tuple(targets)
        self.key = key

    @property
    def first(self) -> Target:
        """The target that gives the versions."""
        return self.targets[0]

    @property
    def label(self) -> str:
        """The first target's name in messages."""
        return self.first.label

    def first_good(
        self, key: str, read: Callable[[Target], _T], problems: list[Problem]
    ) -> _T:
        """Return what the first target with a good copy holds.

        Parameters
        ----------
        key : str
            The file, for the problems.
        read : callable
            Reads and verifies it from a target.
        problems : list of Problem
            Gets what was wrong with the targets before.

        Returns
        -------
        object
            What `read` returned.

        Raises
        ------
        FileNotFoundError
            If every target says that it is not there.
        IntegrityError, StorageError
            If no target has a good copy; the first that was met.
        """
        problems_met: list[Problem] = []
        first: Exception | None = None
        for target in self.targets:
            try:
                content = read(target)
            except FileNotFoundError:
                problems_met.append(Problem(target.label, key, "missing"))
            except (IntegrityError, StorageError) as error:
                problems_met.append(problem_of(target, key, error))
                first = first or error
            else:
                problems += problems_met
                return content
        raise first or FileNotFoundError(key)

    def record(
        self, kind: type[_R], key: str, problems: list[Problem], **fields: Any
    ) -> _R:
        """Return a record; it must state what its key says.

        Parameters
        ----------
        kind : type of Record
            What it is.
        key : str
            Where it is.
        problems : list of Problem
            Gets what was wrong with the targets before.
        **fields : object
            Fields and the values that they must have.

        Returns
        -------
        Record
            From the first target with a good copy.
        """
        return self.first_good(
            key,
            lambda target: read_record(target, kind, key, self.key, **fields)[0],
            problems,
        )

    def listing(self, folder: str, problems: list[Problem]) -> dict[str, Listed]:
        """Return the files of a folder, as the first target says that is not lost."""
        answered, failed = False, None
        for target in self.targets:
            try:
                files = target.list(folder)
                # One without any versions may be an empty one in the place of another.
                if files or (folder[:5] != "names" and target.list("names")):
                    return files
                answered = True
            except StorageError as error:
                if not answered:
                    problems.append(problem_of(target, folder, error))
                failed = failed or error
        if failed is not None and not answered:
            raise failed
        return {}

    def open(
        self, run: str, digest: str | None, problems: list[Problem]
    ) -> tuple[Run, bytes]:
        """Return a run and the bytes of its manifest.

        Parameters
        ----------
        run : str
            Its id.
        digest : str or None
            The digest of its manifest, where a record says it.
        problems : list of Problem
            Gets what is wrong with copies, also while the run is read later.

        Returns
        -------
        Run
            Each artifact comes from the first target where it is good.
        bytes
            The manifest.
        """
        key = f"{run_folder(run)}/{MANIFEST}"
        opened, manifest, source = self.first_good(
            key,
            lambda target: (*open_copy(target, run, digest, self.key), target),
            problems,
        )
        if len(self.targets) == 1:
            return opened, manifest
        order = [
            source,
            *(candidate for candidate in self.targets if candidate is not source),
        ]

        def read(name: str, cap: int) -> bytes:
            if name == MANIFEST:
                return manifest
            return Copies(order, self.key).first_good(
                artifact := f"{run_folder(run)}/{name}",
                lambda target: _verified(opened, name, target.read(artifact, cap)),
                problems,
            )

        return open_run(read, opened.where, key=self.key), manifest

    def mend_run(
        self,
        run: str,
        digest: str | None,
        target: Target,
        listed: dict[str, Listed] | None = None,
    ) -> list[str]:
        """Write to a target what it lacks of a run, from verified copies.

        Parameters
        ----------
        run : str
            Its id.
        digest : str or None
            The digest of its manifest, where a record says it.
        target : Target
            The target to mend.
        listed : dict, default=None
            What it lists of its runs, to go by sizes; without, every byte is read.

        Returns
        -------
        list of str
            The files written; the manifest last.

        Raises
        ------
        IntegrityError, FileNotFoundError
            If no target has a good copy of something; nothing good was replaced.
        """
        good, manifest = self.open(run, digest, [])
        folder, written = run_folder(run), []
        for name in good.manifest.artifacts:
            key = f"{folder}/{name}"
            if not _is_good(target, key, good, name, listed):
                target.write({key: good.read(name)})
                written.append(key)
        key = f"{folder}/{MANIFEST}"
        try:
            same = target.read(key, MAX_MANIFEST) == manifest
        except (FileNotFoundError, IntegrityError):
            same = False
        if not same:
            target.write({key: manifest})
            written.append(key)
        return written

    def mend_record(self, kind: type[Record], key: str, target: Target) -> bool:
        """Write a record to a target that lacks a good one; tell whether it did.

        Raises
        ------
        IntegrityError, FileNotFoundError
            If no target has a good copy.
        """
        try:
            read_record(target, kind, key, self.key)
        except FileNotFoundError:
            damaged = False
        except IntegrityError:
            damaged = True
        else:
            return False
        _, data = self.first_good(
            key, lambda target: read_record(target, kind, key, self.key), []
        )
        if damaged:
            target.write({key: data})
            return True
        try:
            target.create(key, data)
        except FileExistsError:
            return False
        return True


def read_record(
    target: Target, kind: type[_R], key: str, secret: bytes | None, **fields: Any
) -> tuple[_R, bytes]:
    """Return a record of one target and its bytes; it must state what is expected."""
    data = target.read(key, MAX_RECORD)
    place = f"The record {key!r} in {target.label!r}"
    record = kind.of_bytes(data, place, secret)
    for field, value in fields.items():
        if getattr(record, field) != value:
            raise IntegrityError(
                f"{place} must be of the {field} {value!r}. It is of "
                f"{getattr(record, field)!r}: it was moved. Get a whole copy, or "
                "repair the store from a mirror."
            )
    return record, data


def open_copy(
    target: Target, run: str, digest: str | None, secret: bytes | None
) -> tuple[Run, bytes]:
    """Return the run that one target holds, and the bytes of its manifest."""
    folder, place = run_folder(run), f"The run {run!r} in {target.label!r}"
    manifest = target.read(f"{folder}/{MANIFEST}", MAX_MANIFEST)

    def read(name: str, cap: int) -> bytes:
        return manifest if name == MANIFEST else target.read(f"{folder}/{name}", cap)

    opened = open_run(read, place, key=secret)
    if opened.manifest.id != run or digest not in (None, opened.manifest.digest):
        raise IntegrityError(
            f"{place} must be the one that its version names. It is another: it was "
            "exchanged. Get a whole copy, or repair the store from a mirror."
        )
    return opened, manifest


def problem_of(target: Target, key: str, error: Exception) -> Problem:
    """Return an error of a target as a problem."""
    kind = "damaged" if isinstance(error, IntegrityError) else "unreachable"
    return Problem(target.label, key, kind, str(error))


def _verified(run: Run, name: str, data: bytes) -> bytes:
    run.manifest.check(name, data, run.where)
    return data


def _is_good(
    target: Target,
    key: str,
    run: Run,
    name: str,
    listed: dict[str, Listed] | None,
) -> bool:
    entry = run.manifest.artifacts[name]
    if listed is not None:
        return key in listed and listed[key].bytes == entry.bytes
    try:
        _verified(run, name, target.read(key, entry.bytes))
    except (FileNotFoundError, IntegrityError):
        return False
    return True
