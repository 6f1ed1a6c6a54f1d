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


def parts_of(held: Any, stored: bool = False) -> list[tuple[str, Any]]:
    """Return what an object holds, each with the text that leads to it.

    Parameters
    ----------
    held : object
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
    if isinstance(held, dict):
        parts = [(f"[{key!r}]", value) for key, value in held.items()]
    elif isinstance(held, _SEQUENCES):
        parts = [(f"[{number}]", value) for number, value in enumerate(held)]
    elif isinstance(held, np.ndarray):
        if held.dtype == object:
            parts = [(f"[{n}]", value) for n, value in enumerate(held.ravel().tolist())]
    elif isinstance(held, partial):
        # To ask for its attributes would make it another for partial().
        names = ("func", "args", "keywords")
        return [(f".{name}", getattr(held, name)) for name in names]
    if hasattr(held, "__dict__") and not isinstance(held, _PLAIN):
        as_stored = stored and isinstance(held, BaseEstimator)
        state = held.__getstate__() if as_stored else vars(held)
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
        held = stack.pop()
        if isinstance(held, _PLAIN) or id(held) in seen:
            continue
        seen[id(held)] = held
        parts = parts_of(held, stored)
        yield held, parts
        stack += [value for _, value in parts if type(value) not in _MOST]
