"""Fitted structures are looked at before they predict: edited ones crash a process.

scikit-learn's compiled code trusts what was fitted: it follows the indices of a tree,
of a sparse matrix or of support vectors without a look at their bounds. Each class for
which that was found has a check here; what numpy alone works on raises by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from windu.exceptions import IntegrityError
from windu.persistence.structure_models import MODEL_CHECKS
from windu.persistence.structure_trees import TREE_CHECKS

__all__ = ["check_structure"]

_CONTAINERS = (list, tuple, set, frozenset)
_PLAIN = (str, bytes, int, float, complex, type(None), type, np.generic)
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
    known: dict[type, list[tuple[Callable[[Any], bool], str]]] = {}
    last = []
    for held in _walk(loaded):
        kind = type(held)
        if kind not in known:
            known[kind] = [
                (fits, rule)
                for classes, fits, rule in _CHECKS
                if issubclass(kind, classes)
            ]
        for fits, rule in known[kind]:
            if getattr(fits, "calls", False):
                last.append((held, fits, rule))
            else:
                _check(held, fits, rule)
    # These predict with parts that must have been looked at.
    for one in last:
        _check(*one)


def _check(held: Any, fits: Callable[[Any], bool], rule: str) -> None:
    try:
        fit = fits(held)
    except Exception:
        # A part that is missing, or of another type.
        fit = False
    if not fit:
        raise IntegrityError(
            f"{rule}. The file holds a {type(held).__name__} for which this is not so; "
            "it was damaged or edited. Get a whole copy."
        )


def _walk(root: Any) -> Iterator[Any]:
    """Yield every object below root once, without recursion."""
    seen: set[int] = set()
    stack = [root]
    while stack:
        held = stack.pop()
        if isinstance(held, _PLAIN) or id(held) in seen:
            continue
        seen.add(id(held))
        yield held
        if isinstance(held, dict):
            stack.extend(held.values())
        elif isinstance(held, _CONTAINERS):
            stack.extend(held)
        elif isinstance(held, np.ndarray):
            if held.dtype == object:
                stack.extend(held.ravel().tolist())
        elif isinstance(held, partial):
            stack += [held.func, held.args, held.keywords]
        if hasattr(held, "__dict__"):
            stack.extend(vars(held).values())
