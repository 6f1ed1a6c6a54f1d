"""Traversal of objects to save: unsupported parts and misplaced functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray, ExtensionDtype
from pandera.pandas import DataFrameSchema
from sklearn.base import BaseEstimator
from sklearn.preprocessing import FunctionTransformer

from windu.exceptions import PersistenceError
from windu.persistence.trust import FUNCTIONS, TRUSTED
from windu.schema.columns import TableSchema
from windu.schema.user.stored import StoredSchema

__all__ = ["check_storable", "misplaced", "parts_of", "path_of", "path_to", "walk"]

_SEQUENCES = (list, tuple, set, frozenset)
#: Hold nothing that is looked into. A function is code, whatever wraps it; a schema is
#: stored as a text, whatever was made of it since.
_PLAIN = (
    *(str, bytes, int, float, complex, type(None), type, np.generic),
    *(FunctionType, ModuleType, TableSchema, StoredSchema, DataFrameSchema),
)
_MOST = frozenset((str, int, float, bool, type(None)))


def parts_of(obj: Any, stored: bool = False) -> list[tuple[str, Any]]:
    """Return the content of an object, each with its path.

    Parameters
    ----------
    obj : object
        Anything.
    stored : bool, default=False
        Of an estimator, what it says of itself where it is stored.

    Returns
    -------
    list of tuple of (str, object)
        ``.name`` of an attribute, ``[0]`` of an item, ``['key']`` of a dict.

    Examples
    --------
    >>> from windu.persistence.trust.storable import parts_of
    >>> parts_of({"a": 1})
    [("['a']", 1)]
    """
    parts: list[tuple[str, Any]] = []
    if isinstance(obj, dict):
        parts = [(f"[{key!r}]", value) for key, value in obj.items()]
    elif isinstance(obj, _SEQUENCES):
        parts = [(f"[{number}]", value) for number, value in enumerate(obj)]
    elif isinstance(obj, np.ndarray):
        if obj.dtype == object:
            parts = [(f"[{n}]", value) for n, value in enumerate(obj.ravel().tolist())]
    elif isinstance(obj, partial):
        # Reading `__dict__` would create it and change how partial() flattens it.
        names = ("func", "args", "keywords")
        return [(f".{name}", getattr(obj, name)) for name in names]
    if hasattr(obj, "__dict__") and not isinstance(obj, _PLAIN):
        as_stored = stored and isinstance(obj, BaseEstimator)
        state = obj.__getstate__() if as_stored else vars(obj)
        parts += [(f".{name}", value) for name, value in state.items()]
    return parts


def walk(
    root: Any, stored: bool = False
) -> Iterator[tuple[Any, list[tuple[str, Any]]]]:
    """Yield every object below root that may hold others, and what it holds.

    Parameters
    ----------
    root : object
        Is yielded first.
    stored : bool, default=False
        As in `parts_of`.

    Yields
    ------
    tuple of (object, list)
        The parts as from `parts_of`.
    """
    # What is made on the way stays alive, so that an id means one object.
    seen: dict[int, Any] = {}
    stack = [root]
    while stack:
        obj = stack.pop()
        if isinstance(obj, _PLAIN) or id(obj) in seen:
            continue
        seen[id(obj)] = obj
        parts = parts_of(obj, stored)
        yield obj, parts
        for _, value in parts:
            if type(value) not in _MOST:
                stack.append(value)


#: skops stores their inner state without their buffers, which crashes the process when
#: it is used again.
_TABLES = (ExtensionArray, ExtensionDtype, pd.DataFrame, pd.Index, pd.Series)


def check_storable(root: Any) -> None:
    """Raise if an object holds columns of pandas, which skops stores and cannot load.

    Parameters
    ----------
    root : object
        What is to be stored.

    Raises
    ------
    PersistenceError
        With the path.
    """
    if _holds(root, _is_table):
        raise PersistenceError(
            "What is saved must hold arrays, lists and texts in the place of columns "
            f"of pandas. Got one as {path_of(root, _is_table)}. Use a list of it, "
            "list(...), or an array of numpy, to_numpy()."
        )


def _is_table(obj: Any) -> bool:
    return isinstance(obj, _TABLES) or type(obj).__module__.startswith("pyarrow.")


def _holds(root: Any, is_wanted: Callable[[Any], bool]) -> bool:
    if is_wanted(root):
        return True
    for _, parts in walk(root, stored=True):
        for _, value in parts:
            if type(value) not in _MOST and is_wanted(value):
                return True
    return False


def path_of(root: Any, is_wanted: Callable[[Any], bool]) -> str:
    """Return the path of the first part of a kind, and what it is.

    Parameters
    ----------
    root : object
        Holds one.
    is_wanted : callable
        Tells whether an object is one.

    Returns
    -------
    str
        As from `path_to`.
    """
    return path_to(root, lambda obj: _holds(obj, is_wanted), is_wanted)


def path_to(
    root: Any,
    fails: Callable[[Any], bool],
    ends: Callable[[Any], bool] = lambda _: False,
) -> str:
    """Return the path of the innermost part that fails, and what it is.

    Parameters
    ----------
    root : object
        Fails as a whole.
    fails : callable
        Tells whether an object fails.
    ends : callable, default=never
        Tells whether an object is not looked into.

    Returns
    -------
    str
        Such as ``steps[0][1].mean_ of the Pipeline (of type Series)``.
    """
    path, obj = "", root
    seen = {id(root)}
    while not ends(obj):
        for place, value in parts_of(obj, stored=True):
            if id(value) not in seen and fails(value):
                path, obj = path + place, value
                seen.add(id(value))
                break
        else:
            break
    kind = type(obj).__name__
    return f"{path.lstrip('.') or 'all'} of the {type(root).__name__} (of type {kind})"


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
            if not isinstance(value, (type, partial, *_FUNCTIONS)):
                continue
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
