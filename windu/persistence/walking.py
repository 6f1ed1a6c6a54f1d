"""Every object inside another, each once and without recursion."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

__all__ = ["parts_of", "walk"]

_SEQUENCES = (list, tuple, set, frozenset)
#: Hold nothing that came with them. A function is code, whatever wraps it.
_PLAIN = (
    *(str, bytes, int, float, complex, type(None), type, np.generic),
    *(FunctionType, ModuleType),
)
_MOST = frozenset((str, int, float, bool, type(None)))


def parts_of(held: Any) -> list[tuple[str, Any]]:
    """Return what an object holds, each with the text that leads to it.

    Parameters
    ----------
    held : object
        Anything.

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
        names = ("func", "args", "keywords")
        parts = [(f".{name}", getattr(held, name)) for name in names]
    if hasattr(held, "__dict__") and not isinstance(held, _PLAIN):
        parts += [(f".{name}", value) for name, value in vars(held).items()]
    return parts


def walk(root: Any) -> Iterator[tuple[Any, list[tuple[str, Any]]]]:
    """Yield every object below root that may hold others, and what it holds.

    Parameters
    ----------
    root : object
        Is yielded first.

    Yields
    ------
    tuple of (object, list)
        The parts as from `parts_of`.
    """
    seen: set[int] = set()
    stack = [root]
    while stack:
        held = stack.pop()
        if isinstance(held, _PLAIN) or id(held) in seen:
            continue
        seen.add(id(held))
        parts = parts_of(held)
        yield held, parts
        stack += [value for _, value in parts if type(value) not in _MOST]
