"""Some objects inside a larger one replaced by others, without changing the larger."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from windu.schema.columns import TableSchema

__all__ = ["substitute"]

_PLAIN = (
    *(str, bytes, int, float, complex, type(None), type, ModuleType),
    *(np.generic, TableSchema),
)


def substitute(root: Any, change: Callable[[Any], Any]) -> Any:
    """Return an object in which some of what it holds is replaced.

    Parameters
    ----------
    root : object
        Not changed: what holds a replaced object is copied, the rest is shared.
    change : callable
        Called with each object once, the outer ones first; what it gives back takes
        the object's place, and is not looked into if it is another object.

    Returns
    -------
    object
        The root itself where nothing was replaced.

    Examples
    --------
    >>> from windu.persistence.substitution import substitute
    >>> substitute({"a": [1, print]}, lambda x: "print" if x is print else x)
    {'a': [1, 'print']}
    """
    made: dict[int, Any] = {}

    def visit(held: Any) -> Any:
        # A user's schema is written as one text, whatever it holds.
        if isinstance(held, _PLAIN) or type(held).__module__.startswith("pandera."):
            return held
        if id(held) not in made:
            # What leads back to itself finds itself.
            made[id(held)] = held
            other = change(held)
            made[id(held)] = _with_changes(held, visit) if other is held else other
        return made[id(held)]

    return visit(root)


def _with_changes(held: Any, visit: Callable[[Any], Any]) -> Any:
    if isinstance(held, dict):
        changed = {k: new for k, v in held.items() if (new := visit(v)) is not v}
        return _copied(held, dict.update, changed)
    if isinstance(held, (list, tuple)):
        values = [visit(value) for value in held]
        if all(new is old for new, old in zip(values, held, strict=True)):
            return held
        if hasattr(held, "_fields"):
            return type(held)(*values)
        return type(held)(values)
    if isinstance(held, np.ndarray):
        if held.dtype != object:
            return held
        flat = [visit(value) for value in held.ravel()]
        if all(new is old for new, old in zip(flat, held.ravel(), strict=True)):
            return held
        array = np.empty(held.size, dtype=object)
        array[:] = flat
        return array.reshape(held.shape)
    if hasattr(held, "__dict__") and not callable(getattr(held, "__wrapped__", None)):
        state = vars(held)
        changed = {k: new for k, v in state.items() if (new := visit(v)) is not v}
        return _copied(held, lambda made, new: vars(made).update(new), changed)
    return held


def _copied(held: Any, update: Callable[[Any, Any], None], changed: Any) -> Any:
    if not changed:
        return held
    made = copy.copy(held)
    update(made, changed)
    return made
