"""Fitted structures are looked at before they predict: edited ones crash a process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from windu.exceptions import PersistenceError

__all__ = ["check_structure"]

_CONTAINERS = (list, tuple, set, frozenset)


def check_structure(loaded: Any) -> None:
    """Raise if a tree in a loaded object cannot be walked safely.

    Parameters
    ----------
    loaded : object
        What skops built.

    Raises
    ------
    PersistenceError
        For a child outside the tree or before its parent, or a feature that the
        matrix has not.
    """
    for held in _walk(loaded):
        name = type(held).__name__
        module = type(held).__module__
        if name == "Tree" and module == "sklearn.tree._tree":
            nodes = held.__getstate__()["nodes"]
            leaf = nodes["left_child"] == -1
            children = nodes["left_child"], nodes["right_child"]
            _check(*children, leaf, nodes["feature"], held.n_features)
        elif name == "TreePredictor" and module.startswith("sklearn.ensemble._hist"):
            _check_predictor(held)
        elif name in ("KDTree", "BallTree") and module.startswith("sklearn.neighbors"):
            _check_neighbours(held)
        elif name == "BSpline" and module == "scipy.interpolate._bsplines":
            _check_spline(held)
        elif hasattr(held, "support_vectors_") and hasattr(held, "_n_support"):
            _check_support(held)


def _check_neighbours(held: Any) -> None:
    data, index, nodes, _ = held.get_arrays()
    starts, ends = nodes["idx_start"], nodes["idx_end"]
    inside = (index >= 0).all() and (index < len(data)).all()
    ordered = (
        (starts >= 0).all() and (starts <= ends).all() and (ends <= len(data)).all()
    )
    if not (inside and ordered):
        raise PersistenceError(
            "A tree of neighbours must point to its own rows. The file holds one that "
            "does not; it was damaged or edited. Get a whole copy."
        )


def _check_spline(held: Any) -> None:
    knots, degree = np.asarray(held.t), int(held.k)
    n = len(knots) - degree - 1 if knots.ndim == 1 else -1
    fits = (
        0 <= degree < n
        and np.shape(held.c)[0] >= n
        and np.isfinite(knots).all()
        and (np.diff(knots) >= 0).all()
    )
    if not fits:
        raise PersistenceError(
            "A spline must have rising knots and a coefficient for each basis. The "
            "file holds one that has not; it was damaged or edited. Get a whole copy."
        )


def _check_support(held: Any) -> None:
    n_vectors = np.shape(held.support_vectors_)[0]
    counts = np.asarray(held._n_support)
    # For one class, and for numbers, libsvm counts all vectors twice.
    by_class = type(held).__name__ in ("SVC", "NuSVC")
    counted = counts.sum() == n_vectors if by_class else (counts == n_vectors).all()
    fits = (
        (counts >= 0).all()
        and counted
        and n_vectors == len(held.support_)
        and np.shape(held._dual_coef_)[-1] == n_vectors
    )
    if not fits:
        raise PersistenceError(
            "The counts of support vectors must agree with the vectors. In the file "
            "they do not; it was damaged or edited. Get a whole copy."
        )


def _check_predictor(held: Any) -> None:
    nodes = held.nodes
    names = {"left", "right", "is_leaf", "feature_idx", "bitset_idx"}
    if not isinstance(nodes, np.ndarray) or not names <= set(nodes.dtype.names or ()):
        raise PersistenceError("The file holds a tree without nodes. Get a whole copy.")
    leaf = nodes["is_leaf"].astype(bool)
    _check(
        nodes["left"].astype(np.int64),
        nodes["right"].astype(np.int64),
        leaf,
        np.where(leaf, 0, nodes["feature_idx"]),
        None,
    )
    categorical = ~leaf & nodes["is_categorical"].astype(bool)
    n_sets = min(len(held.raw_left_cat_bitsets), len(held.binned_left_cat_bitsets))
    if (nodes["bitset_idx"][categorical] >= n_sets).any():
        raise PersistenceError("The file holds a tree with levels outside its table.")


def _check(
    left: Any, right: Any, leaf: Any, feature: Any, n_features: int | None
) -> None:
    inner = np.flatnonzero(~leaf)
    n_nodes = len(leaf)
    for child in (left[inner], right[inner]):
        # A child behind its parent rules out cycles.
        if (child <= inner).any() or (child >= n_nodes).any():
            raise PersistenceError(
                "Every node of a tree must lead to a later one. The file holds a tree "
                "that does not; it was damaged or edited. Get a whole copy."
            )
    used = feature[inner]
    if (used < 0).any() or (n_features is not None and (used >= n_features).any()):
        raise PersistenceError(
            "A tree must ask for features that exist. The file holds one that does "
            "not; it was damaged or edited. Get a whole copy."
        )


def _walk(root: Any) -> Iterator[Any]:
    """Yield every object below root once, depth first, without recursion."""
    seen: set[int] = set()
    stack = [root]
    while stack:
        held = stack.pop()
        if id(held) in seen or isinstance(held, (str, bytes, int, float, type(None))):
            continue
        seen.add(id(held))
        yield held
        if isinstance(held, dict):
            stack.extend(held.values())
        elif isinstance(held, _CONTAINERS):
            stack.extend(held)
        elif isinstance(held, np.ndarray):
            if held.dtype == object:
                stack.extend(held.ravel().tolist())
        elif hasattr(held, "__dict__"):
            stack.extend(vars(held).values())
