"""How the arrays of fitted parts lie in memory."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from sklearn.base import BaseEstimator

__all__ = ["laid_out"]

Part = TypeVar("Part")
_HOLDERS = (BaseEstimator, dict, list, tuple)


def laid_out(part: Part) -> Part:
    """Make each array of a fitted part lie in memory without gaps.

    So it lies when it was stored and loaded again, and products of it round the same:
    those of an array with gaps can differ in the last bit.

    Parameters
    ----------
    part : object
        A fitted estimator, or what holds such; changed in place. Only arrays that are
        parts of others, or lie backwards, are copied.

    Returns
    -------
    object
        The part.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from windu.estimator.layout import laid_out
    >>> model = LinearRegression()
    >>> model.coef_ = np.arange(6.0)[::2]
    >>> laid_out(model).coef_.flags.contiguous
    True
    """
    stack: list[Any] = [part] if _holds(part) else []
    seen = {id(part)}
    while stack:
        obj = stack.pop()
        for key, value in _items(obj):
            if isinstance(value, np.ndarray) and not value.flags.forc:
                place = vars(obj) if isinstance(obj, BaseEstimator) else obj
                if isinstance(place, (dict, list)):
                    place[key] = value = value.copy(order="C")
            if id(value) not in seen and _holds(value):
                seen.add(id(value))
                stack.append(value)
    return part


def _items(obj: Any) -> list[tuple[Any, Any]]:
    """Return what can hold arrays, or be one, with its place."""
    if isinstance(obj, BaseEstimator):
        obj = vars(obj)
    if isinstance(obj, np.ndarray):
        obj = obj.ravel().tolist()
    values = obj.values() if isinstance(obj, dict) else obj
    # Vocabularies have many thousands of words, and nothing else.
    kinds = {
        kind
        for kind in set(map(type, values))
        if issubclass(kind, (np.ndarray, *_HOLDERS))
    }
    if not kinds:
        return []
    pairs = obj.items() if isinstance(obj, dict) else enumerate(obj)
    return [(place, value) for place, value in pairs if type(value) in kinds]


def _holds(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype == object
    return isinstance(value, _HOLDERS)
