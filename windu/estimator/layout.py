"""How the arrays of fitted parts lie in memory."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from sklearn.base import BaseEstimator

__all__ = ["laid_out"]

Part = TypeVar("Part")


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
    stack: list[Any] = [part]
    seen = {id(part)}
    while stack:
        held = stack.pop()
        for key, value in _items(held):
            if isinstance(value, np.ndarray) and not value.flags.forc:
                place = vars(held) if isinstance(held, BaseEstimator) else held
                if isinstance(place, (dict, list)):
                    place[key] = value = value.copy(order="C")
            if id(value) not in seen and _holds(value):
                seen.add(id(value))
                stack.append(value)
    return part


def _items(held: Any) -> list[tuple[Any, Any]]:
    if isinstance(held, BaseEstimator):
        return list(vars(held).items())
    if isinstance(held, dict):
        return list(held.items())
    if isinstance(held, np.ndarray):
        return list(enumerate(held.ravel().tolist()))
    if isinstance(held, (list, tuple)):
        return list(enumerate(held))
    return []


def _holds(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype == object
    return isinstance(value, (BaseEstimator, dict, list, tuple))
