"""Every object inside another, each once and without recursion."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
from pandera.pandas import DataFrameSchema
from sklearn.base import BaseEstimator

from windu.schema.columns import TableSchema
from windu.schema.user.stored import StoredSchema

__all__ = ["parts_of", "walk"]

_SEQUENCES = (list, tuple, set, frozenset)
#: Hold nothing that is looked into. A function is code, whatever wraps it; a schema is
#: stored as a text, whatever was made of it since.
_PLAIN = (
    *(str, bytes, int, float, complex, type(None), type, np.generic),
    *(FunctionType, ModuleType, TableSchema, StoredSchema, DataFrameSchema),
)
_MOST = frozenset((str, int, float, bool, type(None)))


def parts_of(obj: Any, stored: bool = False) -> list[tuple[str, Any]]:
    """Return what an object holds, each with the text that leads to it.

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
    >>> from windu.persistence.walking import parts_of
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
        # To ask for its attributes would make it another for partial().
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
        stack += [value for _, value in parts if type(value) not in _MOST]
