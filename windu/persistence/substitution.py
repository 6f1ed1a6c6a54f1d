"""Replacement of objects inside another object, by copying what changes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pandera.pandas as pa

from windu.schema.columns import TableSchema
from windu.schema.user.stored import is_schema

__all__ = ["substitute"]

_MOST = frozenset((str, int, float, bool, type(None)))
_PLAIN = (
    *(str, bytes, int, float, complex, type(None), ModuleType),
    *(np.generic, TableSchema),
)


def substitute(root: Any, change: Callable[[Any], Any]) -> Any:
    """Return an object with some of its content replaced.

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
        # A user's schema is stored as a whole.
        if isinstance(obj, (type, pa.DataFrameSchema)):
            return change(obj) if is_schema(obj) else obj
        if isinstance(obj, _PLAIN):
            return obj
        if id(obj) not in replaced:
            # Handles cycles.
            replaced[id(obj)] = obj
            substitute_obj = change(obj)
            replaced[id(obj)] = (
                _with_changes(obj, visit) if substitute_obj is obj else substitute_obj
            )
        return replaced[id(obj)]

    return visit(root)


def _with_changes(obj: Any, visit: Callable[[Any], Any]) -> Any:
    if isinstance(obj, dict):
        return _copied(obj, dict.update, _changed(obj, visit))
    if isinstance(obj, (list, tuple)):
        changed = _changed(dict(enumerate(obj)), visit)
        if not changed:
            return obj
        values = [changed.get(at, value) for at, value in enumerate(obj)]
        return type(obj)(*values) if hasattr(obj, "_fields") else type(obj)(values)
    if isinstance(obj, np.ndarray):
        changed = {}
        if obj.dtype == object:
            changed = _changed(dict(enumerate(obj.ravel())), visit)
        if not changed:
            return obj
        array = obj.ravel().copy()
        for at, value in changed.items():
            array[at] = value
        return array.reshape(obj.shape)
    if hasattr(obj, "__dict__") and not callable(getattr(obj, "__wrapped__", None)):
        changed = _changed(vars(obj), visit)
        return _copied(obj, lambda copied, new: vars(copied).update(new), changed)
    return obj


def _changed(values: dict[Any, Any], visit: Callable[[Any], Any]) -> dict[Any, Any]:
    changed = {}
    for key, value in values.items():
        # Most values are plain, and a call for each would dominate the time of a save.
        if type(value) not in _MOST and (new := visit(value)) is not value:
            changed[key] = new
    return changed


def _copied(obj: Any, update: Callable[[Any, Any], None], changed: Any) -> Any:
    if not changed:
        return obj
    copied = copy.copy(obj)
    update(copied, changed)
    return copied
