"""Fitted structures are looked at before they predict: edited ones crash a process.

scikit-learn's compiled code trusts what was fitted: it follows the indices of a tree,
of a sparse matrix or of support vectors without a look at their bounds. Each class for
which that was found has a check here; what numpy alone works on raises by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from windu.exceptions import IntegrityError
from windu.persistence.structure_models import MODEL_CHECKS
from windu.persistence.structure_trees import TREE_CHECKS
from windu.persistence.walking import walk

__all__ = ["check_structure"]

_CHECKS = (*TREE_CHECKS, *MODEL_CHECKS)


def check_structure(loaded: Any) -> None:
    """Raise if a fitted structure in a loaded object cannot be walked safely.

    Parameters
    ----------
    loaded : object
        What skops built.

    Raises
    ------
    IntegrityError
        With the rule that the structure breaks.
    """
    rules: dict[type, list[tuple[Callable[[Any], bool], str]]] = {}
    last = []
    for obj, _ in walk(loaded):
        kind = type(obj)
        if kind not in rules:
            rules[kind] = [
                (fits, rule)
                for classes, fits, rule in _CHECKS
                if issubclass(kind, classes)
            ]
        for fits, rule in rules[kind]:
            if getattr(fits, "calls", False):
                last.append((obj, fits, rule))
            else:
                _check(obj, fits, rule)
    # These predict with parts that must have been looked at.
    for finding in last:
        _check(*finding)


def _check(obj: Any, fits: Callable[[Any], bool], rule: str) -> None:
    try:
        fit = fits(obj)
    except Exception:
        # A part that is missing, or of another type.
        fit = False
    if not fit:
        raise IntegrityError(
            f"{rule}. The file holds a {type(obj).__name__} for which this is not so; "
            "it was damaged or edited. Get a whole copy."
        )
