"""What was wrong with targets on the way: mended where a good copy is, then told."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping

from windu.exceptions import IntegrityError, StorageError, WinduWarning
from windu.metastore.copies import Copies, Problem
from windu.metastore.records import AliasRecord, DeletedRecord, Record, VersionRecord
from windu.metastore.target import Target

__all__ = ["mend", "warn_of_failed"]

_KINDS: dict[str, type[Record]] = {
    "names": VersionRecord,
    "aliases": AliasRecord,
    "deleted": DeletedRecord,
}


def mend(
    copies: Copies, problems: Iterable[Problem], digests: Mapping[str, str], level: int
) -> None:
    """Write good copies where problems were met, and warn of each target.

    Parameters
    ----------
    copies : Copies
        The targets.
    problems : iterable of Problem
        What was met while other copies were good.
    digests : mapping of str to str
        Digests of the manifests of runs.
    level : int
        How far up the caller is that is warned.
    """
    by_target: dict[str, list[Problem]] = {}
    for problem in problems:
        by_target.setdefault(problem.target, []).append(problem)
    for target in copies.targets:
        problems_of_target = by_target.get(target.label, [])
        for problem in problems_of_target:
            if problem.problem == "lost":
                warnings.warn(
                    f"A run or alias was left out: {problem.detail}",
                    WinduWarning,
                    stacklevel=level + 1,
                )
        problems_of_target = [
            problem for problem in problems_of_target if problem.problem != "lost"
        ]
        away = [
            problem
            for problem in problems_of_target
            if problem.problem == "unreachable"
        ]
        if not problems_of_target:
            continue
        text = f"The storage target {target.label!r} "
        if away:
            text += f"could not be used: {away[0].detail} "
            after = "Call sync() when it is well."
        else:
            texts = sorted(
                {
                    f"{problem.key} is {problem.problem}"
                    for problem in problems_of_target
                }
            )
            text += f"is not whole: {', '.join(texts)}. "
            after = _mended(copies, target, problems_of_target, digests)
        text += f"A good copy of another target was used. {after}"
        warnings.warn(text, WinduWarning, stacklevel=level + 1)


def _mended(
    copies: Copies,
    target: Target,
    problems_of_target: Iterable[Problem],
    digests: Mapping[str, str],
) -> str:
    keys = sorted({problem.key for problem in problems_of_target})
    try:
        for key in keys:
            folder = key.split("/")[0]
            if folder in _KINDS:
                copies.mend_record(_KINDS[folder], key, target)
        for run in sorted(
            {key.split("/")[1] for key in keys if key.startswith("runs/")}
        ):
            copies.mend_run(run, digests.get(run), target)
    except (StorageError, IntegrityError, FileNotFoundError) as error:
        return f"It could not be mended: {error}"
    return "It was mended."


def warn_of_failed(failed: Mapping[Target, Exception], action: str, level: int) -> None:
    """Warn of the targets that something could not be written to, as to the others."""
    for target, error in failed.items():
        warnings.warn(
            f"{action} could not be written to {target.label!r}: {error} Call sync() "
            "when it is well.",
            WinduWarning,
            stacklevel=level + 1,
        )
