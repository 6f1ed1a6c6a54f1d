"""Reading from several targets: the first intact copy is used."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from windu.exceptions import IntegrityError, StorageError, WinduWarning
from windu.metastore.records import MAX_RECORD, Record, run_folder
from windu.metastore.target import Listed, Target
from windu.persistence.format.manifest import MANIFEST, MAX_MANIFEST
from windu.persistence.format.runs import Run, open_run

__all__ = [
    "Copies",
    "Problem",
    "open_copy",
    "problem_of",
    "read_record",
    "warn_of_failed",
    "warn_of_problems",
]

_T = TypeVar("_T")
_R = TypeVar("_R", bound=Record)


@dataclass(frozen=True)
class Problem:
    """A problem with one file or run of one target.

    Attributes
    ----------
    target : str
        Label of the target.
    key : str
        The file, or the folder of the run.
    problem : str
        ``"missing"``, ``"damaged"``, ``"unreachable"`` or, if no target has it whole,
        ``"lost"``.
    detail : str
        What the error said.
    """

    target: str
    key: str
    problem: str
    detail: str = ""


class Copies:
    """The targets of a store, in reading order.

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
        """The target that is read first."""
        return self.targets[0]

    @property
    def label(self) -> str:
        """The first target's name in messages."""
        return self.first.label

    def first_good(
        self, key: str, read: Callable[[Target], _T], problems: list[Problem]
    ) -> _T:
        """Read a file from the first target that has an intact copy.

        Parameters
        ----------
        key : str
            The file or folder, for the problems.
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
        """Read a record, which must agree with its key.

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
        """List a folder of the first target that answers."""
        answered, failed = False, None
        for target in self.targets:
            try:
                files = target.list(folder)
                # A target without versions may be an empty replacement of a lost one.
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

    def use(
        self,
        run: str,
        digest: str | None,
        read: Callable[[Run], _T],
        problems: list[Problem],
    ) -> _T:
        """Apply a function to a run from the first target that has it whole.

        Parameters
        ----------
        run : str
            Its id.
        digest : str or None
            The digest of its manifest, where a record says it.
        read : callable
            Given the run, reads what is needed of it.
        problems : list of Problem
            Gets what was wrong with the targets before.

        Returns
        -------
        object
            What `read` returned.

        Raises
        ------
        FileNotFoundError
            If no target has its manifest.
        IntegrityError, StorageError
            If no target has whole what `read` reads; the first that was met.
        """
        return self.first_good(
            run_folder(run),
            lambda target: read(open_copy(target, run, digest, self.key)[0]),
            problems,
        )


def read_record(
    target: Target, kind: type[_R], key: str, secret: bytes | None, **fields: Any
) -> tuple[_R, bytes]:
    """Return a record of one target and its bytes; raise unless it is as expected."""
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
    """Open the run of one target, and return the bytes of its manifest as well."""
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


def warn_of_problems(problems: Iterable[Problem], level: int) -> None:
    """Warn of the problems of targets, one warning per target.

    Parameters
    ----------
    problems : iterable of Problem
        What was met while other copies were good, or no target had whole.
    level : int
        How far up the caller is that is warned.
    """
    by_target: dict[str, list[Problem]] = {}
    for problem in problems:
        if problem.problem == "lost":
            text = f"A run or alias was left out: {problem.detail}"
            warnings.warn(text, WinduWarning, stacklevel=level + 1)
        else:
            by_target.setdefault(problem.target, []).append(problem)
    for label, of_target in by_target.items():
        away = [one for one in of_target if one.problem == "unreachable"]
        texts = sorted({one.detail or f"{one.key} is missing." for one in of_target})
        what = f"could not be used: {away[0].detail}" if away else "is not whole: "
        after = "sync()" if away else "repair()"
        warnings.warn(
            f"The storage target {label!r} {what}{'' if away else ' '.join(texts)} "
            f"Another target was read. Call {after} "
            f"{'when it is well' if away else 'to copy what it lacks'}.",
            WinduWarning,
            stacklevel=level + 1,
        )


def warn_of_failed(failed: Mapping[Target, Exception], action: str, level: int) -> None:
    """Warn of the targets that a write failed on."""
    for target, error in failed.items():
        warnings.warn(
            f"{action} could not be written to {target.label!r}: {error} Call sync() "
            "when it is well.",
            WinduWarning,
            stacklevel=level + 1,
        )
