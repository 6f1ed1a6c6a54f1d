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
    wrong: dict[str, str] = {}
    for obj, parts in walk(root):
        for place, value in parts:
            name = _name_of(value)
            if name and not _is_in_place(obj, place, value, name):
                wrong.setdefault(name, f"{place} of a {type(obj).__name__}")
    return wrong


def _name_of(value: Any) -> str | None:
    """Return the full name of what windu lets a file name, and that can be called."""
    if isinstance(value, partial):
        return _name_of(value.func)
    if isinstance(value, (type, *_FUNCTIONS)):
        name = f"{value.__module__}.{value.__qualname__}"
        return name if name in TRUSTED else None
    return None


def _is_in_place(obj: Any, place: str, value: Any, name: str) -> bool:
    if isinstance(value, partial):
        # What histogram gradient boosting calls for the columns without levels.
        return type(obj) is FunctionTransformer and place == ".func" and _bare(obj)
    if isinstance(obj, partial):
        return name == _CHECK and place == ".func" and _makes_numbers(obj)
    kind = f"{type(obj).__module__}.{type(obj).__qualname__}"
    return (kind, place) in FUNCTIONS.get(name, ())


def _bare(obj: FunctionTransformer) -> bool:
    return obj.kw_args is None and obj.inverse_func is None


def _makes_numbers(obj: partial[Any]) -> bool:
    keywords = dict(obj.keywords)
    dtypes = keywords.pop("dtype", None)
    return (
        not obj.args
        and isinstance(dtypes, list)
        and all(dtype is np.float64 for dtype in dtypes)
        and list(keywords) == ["ensure_all_finite"]
        and keywords["ensure_all_finite"] is False
    )
