"""Some objects inside a larger one replaced by others, without changing the larger."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from windu.schema.columns import TableSchema
from windu.schema.user.stored import is_schema

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
    replaced: dict[int, Any] = {}

    def visit(obj: Any) -> Any:
        # A user's schema is stored as a whole, whatever it holds.
        if is_schema(obj):
            return change(obj)
        if isinstance(obj, _PLAIN):
            return obj
        if id(obj) not in replaced:
            # What leads back to itself finds itself.
            replaced[id(obj)] = obj
            substitute_obj = change(obj)
            replaced[id(obj)] = (
                _with_changes(obj, visit) if substitute_obj is obj else substitute_obj
            )
        return replaced[id(obj)]

    return visit(root)


def _with_changes(obj: Any, visit: Callable[[Any], Any]) -> Any:
    if isinstance(obj, dict):
        changed = {k: new for k, v in obj.items() if (new := visit(v)) is not v}
        return _copied(obj, dict.update, changed)
    if isinstance(obj, (list, tuple)):
        values = [visit(value) for value in obj]
        if all(new is old for new, old in zip(values, obj, strict=True)):
            return obj
        if hasattr(obj, "_fields"):
            return type(obj)(*values)
        return type(obj)(values)
    if isinstance(obj, np.ndarray):
        if obj.dtype != object:
            return obj
        flat = [visit(value) for value in obj.ravel()]
        if all(new is old for new, old in zip(flat, obj.ravel(), strict=True)):
            return obj
        array = np.empty(obj.size, dtype=object)
        array[:] = flat
        return array.reshape(obj.shape)
    if hasattr(obj, "__dict__") and not callable(getattr(obj, "__wrapped__", None)):
        state = vars(obj)
        changed = {k: new for k, v in state.items() if (new := visit(v)) is not v}
        return _copied(obj, lambda copied, new: vars(copied).update(new), changed)
    return obj


def _copied(obj: Any, update: Callable[[Any, Any], None], changed: Any) -> Any:
    if not changed:
        return obj
    copied = copy.copy(obj)
    update(copied, changed)
    return copied
