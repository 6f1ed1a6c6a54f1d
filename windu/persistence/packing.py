"""Trees packed into a few large arrays, which load fast and compress well.

A single tree is packed as well, since skops would build it of any numbers in a file,
and a wrong one crashes the process before it can be looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn import tree

from windu._compat.boosting import Tree, TreePredictor
from windu.exceptions import IntegrityError
from windu.persistence.packing_neighbours import (
    PackedMetric,
    PackedNeighbours,
    pack_neighbours,
    unpack_neighbours,
)
from windu.persistence.packing_splines import PackedSpline, pack_spline, unpack_spline

__all__ = ["PackedPredictors", "PackedTrees", "pack", "unpack"]

_TREES = {
    name: getattr(tree, name)
    for name in (
        *("DecisionTreeClassifier", "DecisionTreeRegressor"),
        *("ExtraTreeClassifier", "ExtraTreeRegressor"),
    )
}
_NAMES = {kind: name for name, kind in _TREES.items()}


@dataclass
class PackedTrees:
    """Fitted trees of one class that scikit-learn's forests and boosters hold.

    Attributes
    ----------
    kind : str
        Name of their class; empty for a tree without an estimator around it.
    shape : list of int
        Shape of the array that held them; empty for a list.
    shared : dict
        Attributes that are the same for all.
    own : dict of str to list
        Attributes that differ, one value a tree.
    n_features, n_outputs : int
        Of each tree.
    n_classes : ndarray of shape (n_outputs,)
        Of each tree.
    nodes, values : ndarray
        Nodes and their values of all trees, one after the other.
    counts, depths : ndarray of shape (n_trees,)
        Number of nodes, and the depth of each tree.
    """

    kind: str
    shape: list[int]
    shared: dict[str, Any]
    own: dict[str, list[Any]]
    n_features: int
    n_outputs: int
    n_classes: np.ndarray
    nodes: np.ndarray
    values: np.ndarray
    counts: np.ndarray
    depths: np.ndarray


@dataclass
class PackedPredictors:
    """The trees of histogram gradient boosting, a list of rounds.

    Attributes
    ----------
    per_round : int
        Trees a round.
    nodes : ndarray
        Nodes of all trees, one after the other.
    counts : ndarray of shape (n_trees,)
        Number of nodes of each tree.
    binned, raw : ndarray
        Tables of levels of all trees, one after the other.
    tables : ndarray of shape (n_trees, 2)
        Number of rows of each tree in them.
    """

    per_round: int
    nodes: np.ndarray
    counts: np.ndarray
    binned: np.ndarray
    raw: np.ndarray
    tables: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), int))


def pack(obj: Any) -> Any:
    """Pack a list or an array of trees; return other objects unchanged.

    Parameters
    ----------
    obj : object
        Anything.

    Returns
    -------
    object
        `PackedTrees`, `PackedPredictors`, what `pack_neighbours` and `pack_spline`
        make, or the object itself.
    """
    packed = pack_spline(pack_neighbours(obj))
    if packed is not obj:
        return packed
    if type(obj) is Tree:
        return _packed([obj], "", [], {}, {})
    if isinstance(obj, np.ndarray):
        if obj.dtype != object or not obj.size:
            return obj
        return _pack_trees(obj.ravel().tolist(), list(obj.shape)) or obj
    if not isinstance(obj, list) or not obj:
        return obj
    if isinstance(obj[0], list):
        return _pack_predictors(obj) or obj
    return _pack_trees(obj, []) or obj


def _pack_trees(trees: list[Any], shape: list[int]) -> PackedTrees | None:
    kind = type(trees[0])
    if kind not in _NAMES or any(
        type(tree) is not kind or "tree_" not in vars(tree) for tree in trees
    ):
        return None
    states = [dict(vars(tree)) for tree in trees]
    fitted = [state.pop("tree_") for state in states]
    first = fitted[0].__reduce__()[1]
    names = list(states[0])
    alike = all(
        list(state) == names and _same(tree.__reduce__()[1], first)
        for state, tree in zip(states, fitted, strict=True)
    )
    if not alike:
        return None
    values = {name: [state[name] for state in states] for name in names}
    shared = {n: v[0] for n, v in values.items() if all([_same(x, v[0]) for x in v])}
    own = {name: v for name, v in values.items() if name not in shared}
    return _packed(fitted, _NAMES[kind], shape, shared, own)


def _packed(
    fitted: list[Any],
    kind: str,
    shape: list[int],
    shared: dict[str, Any],
    own: dict[str, list[Any]],
) -> PackedTrees:
    n_features, n_classes, n_outputs = fitted[0].__reduce__()[1]
    parts = [tree.__getstate__() for tree in fitted]
    return PackedTrees(
        kind,
        shape,
        shared,
        own,
        n_features,
        n_outputs,
        n_classes,
        np.concatenate([part["nodes"] for part in parts]),
        np.concatenate([part["values"] for part in parts]),
        np.array([part["node_count"] for part in parts]),
        np.array([part["max_depth"] for part in parts]),
    )


def _same(first: Any, second: Any) -> bool:
    if type(first) is not type(second):
        return False
    if isinstance(first, (list, tuple)):
        return len(first) == len(second) and all(map(_same, first, second))
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and np.array_equal(first, second)
    return first is second or bool(first == second)


def _pack_predictors(rounds: list[Any]) -> PackedPredictors | None:
    width = len(rounds[0])
    flat = [predictor for row in rounds if isinstance(row, list) for predictor in row]
    even = all(isinstance(row, list) and len(row) == width for row in rounds)
    if (
        not flat
        or not even
        or any(type(predictor) is not TreePredictor for predictor in flat)
    ):
        return None
    binned = [predictor.binned_left_cat_bitsets for predictor in flat]
    raw = [predictor.raw_left_cat_bitsets for predictor in flat]
    return PackedPredictors(
        width,
        np.concatenate([predictor.nodes for predictor in flat]),
        np.array([len(predictor.nodes) for predictor in flat]),
        np.concatenate(binned),
        np.concatenate(raw),
        np.array([[len(b), len(r)] for b, r in zip(binned, raw, strict=True)]),
    )


_PACKED = (PackedMetric, PackedNeighbours, PackedPredictors, PackedSpline, PackedTrees)


def unpack(obj: Any) -> Any:
    """Unpack trees; return other objects unchanged.

    Parameters
    ----------
    obj : object
        Anything.

    Returns
    -------
    object
        A list or an array of trees, a tree, a distance, a spline, or the object itself.

    Raises
    ------
    IntegrityError
        If the arrays do not fit each other.
    """
    if not isinstance(obj, _PACKED):
        return obj
    try:
        if isinstance(obj, (PackedMetric, PackedNeighbours)):
            return unpack_neighbours(obj)
        if isinstance(obj, PackedSpline):
            return unpack_spline(obj)
        if isinstance(obj, PackedTrees):
            return _unpack_trees(obj)
        return _unpack_predictors(obj)
    except Exception as error:
        raise IntegrityError(
            "Packed arrays must fit each other. In the file they do not "
            f"({type(error).__name__}: {error}); it was damaged or edited. Get a whole "
            "copy."
        ) from error


def _unpack_trees(obj: PackedTrees) -> Any:
    fitted = _fitted_trees(obj)
    if not obj.kind:
        (tree,) = fitted
        return tree
    kind = _TREES[obj.kind]
    trees = []
    for number, tree_ in enumerate(fitted):
        tree = kind.__new__(kind)
        own = {name: column[number] for name, column in obj.own.items()}
        vars(tree).update({**obj.shared, **own, "tree_": tree_})
        trees.append(tree)
    if not obj.shape:
        return trees
    array = np.empty(len(trees), dtype=object)
    array[:] = trees
    return array.reshape(obj.shape)


def _fitted_trees(obj: PackedTrees) -> list[Any]:
    n_classes, counts = obj.n_classes, obj.counts
    fits = (
        n_classes.shape == (obj.n_outputs,)
        and n_classes.dtype.kind == "i"
        and (n_classes > 0).all()
        and (counts > 0).all()
        and obj.values.shape == (len(obj.nodes), obj.n_outputs, n_classes.max())
    )
    if not fits:
        raise ValueError("values of another shape")
    parts = zip(
        _split(obj.nodes, counts),
        _split(obj.values, counts),
        obj.depths.tolist(),
        strict=True,
    )
    trees = []
    for nodes, values, depth in parts:
        tree = Tree(obj.n_features, n_classes, obj.n_outputs)
        tree.__setstate__(
            {
                "max_depth": depth,
                "node_count": len(nodes),
                "nodes": nodes,
                "values": values,
            }
        )
        trees.append(tree)
    return trees


def _unpack_predictors(obj: PackedPredictors) -> list[list[Any]]:
    parts = zip(
        _split(obj.nodes, obj.counts),
        _split(obj.binned, obj.tables[:, 0]),
        _split(obj.raw, obj.tables[:, 1]),
        strict=True,
    )
    flat = [TreePredictor(*part) for part in parts]
    width = obj.per_round
    if width < 1 or len(flat) % width:
        raise ValueError(f"{len(flat)} trees in rounds of {width}")
    return [flat[i : i + width] for i in range(0, len(flat), width)]


def _split(array: np.ndarray, counts: np.ndarray) -> list[np.ndarray]:
    """Split an array by lengths, which must add up."""
    if (counts < 0).any() or counts.sum() != len(array):
        raise ValueError(f"parts of {int(counts.sum())} rows in {len(array)}")
    parts = np.split(array, np.cumsum(counts)[:-1])
    # Copies, since a view would keep the arrays of all trees alive.
    return [np.ascontiguousarray(part) for part in parts]
