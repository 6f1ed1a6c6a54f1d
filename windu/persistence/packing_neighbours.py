"""Nearest-neighbor trees and metrics as plain values, checked before they are built.

Their compiled code takes a state for what it expects, and crashes the process on any
other while it is built.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import DistanceMetric
from sklearn.neighbors import BallTree, KDTree

__all__ = ["PackedMetric", "PackedNeighbours", "pack_neighbours", "unpack_neighbours"]

_TREES = {"BallTree": BallTree, "KDTree": KDTree}
_METRICS = {
    type(DistanceMetric.get_metric(name)): name
    for name in ("chebyshev", "euclidean", "manhattan", "minkowski")
}
#: What stands in a state, in its order: arrays, numbers, a distance, weights of rows.
_N_ARRAYS, _N_NUMBERS = 4, 7


@dataclass
class PackedMetric:
    """A metric without feature weights.

    Attributes
    ----------
    name : str
        As scikit-learn calls it.
    p : float
        Its power.
    """

    name: str
    p: float


@dataclass
class PackedNeighbours:
    """A nearest-neighbor tree.

    Attributes
    ----------
    kind : str
        Name of its class.
    state : list
        What it says of itself.
    """

    kind: str
    state: list[Any]


def pack_neighbours(obj: Any) -> Any:
    """Pack a nearest-neighbor tree or metric; return other objects unchanged.

    Parameters
    ----------
    obj : object
        Anything.

    Returns
    -------
    object
        `PackedNeighbours`, `PackedMetric`, or the object itself.
    """
    if type(obj) in _METRICS:
        power, weights, matrix = obj.__getstate__()
        if weights.size <= 1 and matrix.size <= 1:
            return PackedMetric(_METRICS[type(obj)], float(power))
    elif type(obj) in _TREES.values():
        state = [pack_neighbours(part) for part in obj.__getstate__()]
        return PackedNeighbours(type(obj).__name__, state)
    return obj


def unpack_neighbours(obj: Any) -> Any:
    """Unpack a nearest-neighbor tree or metric; return other objects unchanged.

    Parameters
    ----------
    obj : object
        Anything.

    Returns
    -------
    object
        A tree, a distance, or the object itself.

    Raises
    ------
    ValueError
        If the state is of other types than scikit-learn's.
    """
    if isinstance(obj, PackedMetric):
        params = {"p": obj.p} if obj.name == "minkowski" else {}
        if obj.name not in _METRICS.values():
            raise ValueError(f"no distance {obj.name!r}")
        return DistanceMetric.get_metric(obj.name, **params)
    if not isinstance(obj, PackedNeighbours):
        return obj
    kind = _TREES[obj.kind]
    state = tuple(map(unpack_neighbours, obj.state))
    if not _is_state(state, kind(np.zeros((1, 1))).__getstate__()):
        raise ValueError("a state of other types")
    tree = kind.__new__(kind)
    tree.__setstate__(state)
    return tree


def _is_state(state: tuple[Any, ...], good: tuple[Any, ...]) -> bool:
    n = _N_ARRAYS + _N_NUMBERS
    if len(state) != len(good):
        return False
    *_, metric, weights = state
    return (
        all(
            type(value) is np.ndarray
            and (value.dtype, value.ndim) == (expected.dtype, expected.ndim)
            and value.flags.c_contiguous
            for value, expected in zip(state[:_N_ARRAYS], good, strict=False)
        )
        and all(
            type(value) is int and 0 <= value < 2**62 for value in state[_N_ARRAYS:n]
        )
        and isinstance(metric, DistanceMetric)
        and (
            weights is None or (type(weights) is np.ndarray and weights.dtype == float)
        )
    )
