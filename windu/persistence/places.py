"""Where a function that windu trusts may stand: where scikit-learn itself puts it.

A reviewed function is harmless as what it is there for, with the arguments that it gets
there. Elsewhere a file could choose them: ``asarray`` as the function of a
`FunctionTransformer`, with ``kw_args`` that ask for all memory.
"""

from __future__ import annotations

from functools import partial
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np
from sklearn.preprocessing import FunctionTransformer

from windu.persistence.trust import FUNCTIONS, TRUSTED
from windu.persistence.walking import walk

__all__ = ["misplaced"]

_FUNCTIONS = (FunctionType, BuiltinFunctionType, type(np.mean))
_CHECK = "sklearn.utils.validation.check_array"


def misplaced(root: Any) -> dict[str, str]:
    """Return the functions and classes that stand where scikit-learn puts none.

    Parameters
    ----------
    root : object
        As loaded.

    Returns
    -------
    dict of str to str
        By full name, the first place of each.
    """
    found: dict[str, str] = {}
    for held, parts in walk(root):
        for place, value in parts:
            name = _name_of(value)
            if name and not _stands(held, place, value, name):
                found.setdefault(name, f"{place} of a {type(held).__name__}")
    return found


def _name_of(value: Any) -> str | None:
    """Return the full name of what windu lets a file name, and that can be called."""
    if isinstance(value, partial):
        return _name_of(value.func)
    if isinstance(value, (type, *_FUNCTIONS)):
        name = f"{value.__module__}.{value.__qualname__}"
        return name if name in TRUSTED else None
    return None


def _stands(held: Any, place: str, value: Any, name: str) -> bool:
    if isinstance(value, partial):
        # What histogram gradient boosting calls for the columns without levels.
        return type(held) is FunctionTransformer and place == ".func" and _bare(held)
    if isinstance(held, partial):
        return name == _CHECK and place == ".func" and _makes_numbers(held)
    kind = f"{type(held).__module__}.{type(held).__qualname__}"
    return (kind, place) in FUNCTIONS.get(name, ())


def _bare(held: FunctionTransformer) -> bool:
    return held.kw_args is None and held.inverse_func is None


def _makes_numbers(held: partial[Any]) -> bool:
    given = dict(held.keywords)
    dtypes = given.pop("dtype", None)
    return (
        not held.args
        and isinstance(dtypes, list)
        and all(one is np.float64 for one in dtypes)
        and list(given) == ["ensure_all_finite"]
        and given["ensure_all_finite"] is False
    )
