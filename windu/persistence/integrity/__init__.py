"""Checks of fitted structures, which would crash a process if they were edited.

scikit-learn's compiled code trusts what was fitted: it follows the indices of a tree,
of a sparse matrix or of support vectors without a look at their bounds. Each class for
which that was found has a check here; what numpy alone works on raises by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.validation import check_array

from windu._compat.boosting import Tree, TreePredictor
from windu.exceptions import IntegrityError
from windu.persistence.integrity.models import MODEL_CHECKS
from windu.persistence.trust.storable import walk

__all__ = ["TREE_CHECKS", "check_structure"]

#: Words of 32 bits in a set of levels.
_WORDS = 8


def _tree_fits(obj: Any) -> bool:
    state = obj.__getstate__()
    nodes = state["nodes"]
    left_child, feature = nodes["left_child"], nodes["feature"]
    inner = np.flatnonzero(left_child != -1)
    return (
        len(nodes) > 0
        and len(state["values"]) == len(nodes)
        and _lead_on(inner, left_child, nodes["right_child"])
        and _within(feature[inner], obj.n_features)
    )


def _holder_fits(obj: Any) -> bool:
    if "tree_" not in vars(obj):
        return True
    return type(obj.tree_) is Tree and obj.n_features_in_ == obj.tree_.n_features


def _boosting_fits(obj: Any) -> bool:
    if "estimators_" not in vars(obj):
        return True
    trees = obj.estimators_
    return (
        trees.ndim == 2
        and trees.size > 0
        and trees.shape[1] == obj.n_trees_per_iteration_
        and all(
            type(tree.tree_) is Tree and tree.tree_.n_features == obj.n_features_in_
            for tree in trees.ravel()
        )
    )


def _start_fits(obj: Any) -> bool:
    """Tell whether the trees have as many outputs as the start values."""
    if "estimators_" not in vars(obj):
        return True
    rows = np.zeros((2, obj.n_features_in_), dtype=np.float32)
    return obj._raw_predict_init(rows).shape == (2, obj.estimators_.shape[1])


_start_fits.calls = True  # type: ignore[attr-defined]


def _predictor_fits(obj: Any) -> bool:
    nodes = obj.nodes
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    levels = inner[nodes["is_categorical"][inner] != 0]
    tables = obj.raw_left_cat_bitsets, obj.binned_left_cat_bitsets
    return (
        len(nodes) > 0
        and _lead_on(inner, nodes["left"], nodes["right"])
        and all(table.shape[1:] == (_WORDS,) for table in tables)
        and _within(nodes["bitset_idx"][levels], min(map(len, tables)))
    )


def _histogram_fits(obj: Any) -> bool:
    if "_predictors" not in vars(obj):
        return True
    n_features = obj.n_features_in_
    by_levels = np.asarray(obj._bin_mapper.is_categorical_)
    trees = [tree for row in obj._predictors for tree in row]
    return (
        "_in_fit" not in vars(obj)
        and all(len(row) == obj.n_trees_per_iteration_ for row in obj._predictors)
        and by_levels.shape == (n_features,)
        and _columns_stay(obj._preprocessor, n_features)
        and all(type(tree) is TreePredictor for tree in trees)
        and _asks_for(np.concatenate([tree.nodes for tree in trees]), by_levels)
    )


def _asks_for(nodes: np.ndarray, by_levels: np.ndarray) -> bool:
    """Tell whether the nodes refer to existing features and levels."""
    nodes = nodes[nodes["is_leaf"] == 0]
    feature = nodes["feature_idx"]
    return _within(feature, len(by_levels)) and bool(
        (by_levels[feature[nodes["is_categorical"] != 0]] != 0).all()
    )


def _columns_stay(preprocessor: Any, n_features: int) -> bool:
    """Tell whether levels are encoded as scikit-learn does, one column each."""
    if preprocessor is None:
        return True
    (_, encoder, levels), (_, numbers, rest), *more = preprocessor.transformers_
    function = numbers.func.func if isinstance(numbers.func, partial) else numbers.func
    return (
        type(preprocessor) is ColumnTransformer
        and all(part == "drop" for _, part, _ in more)
        and type(encoder) is OrdinalEncoder
        and type(numbers) is FunctionTransformer
        and function is check_array
        and np.asarray(levels).dtype == bool
        and np.shape(levels) == (n_features,)
        and np.array_equal(rest, ~np.asarray(levels))
    )


def _lead_on(inner: np.ndarray, left_child: np.ndarray, right: np.ndarray) -> bool:
    # Children that follow their parents exclude cycles.
    return all(
        bool((child[inner] > inner).all() and (child[inner] < len(left_child)).all())
        for child in (left_child, right)
    )


def _within(indices: np.ndarray, length: int) -> bool:
    return bool((indices >= 0).all() and (indices < length).all())


Check = tuple[type | tuple[type, ...], Callable[[Any], bool], str]
_BOOSTING = (GradientBoostingClassifier, GradientBoostingRegressor)

#: Classes, their checks and the messages.
TREE_CHECKS: tuple[Check, ...] = (
    (
        Tree,
        _tree_fits,
        "Every node of a tree must lead to later ones, by features that exist",
    ),
    (
        TreePredictor,
        _predictor_fits,
        "Every node of a tree must lead to later ones, by levels of its tables",
    ),
    (
        (DecisionTreeClassifier, DecisionTreeRegressor),
        _holder_fits,
        "A tree must have the features that its estimator checks",
    ),
    (
        _BOOSTING,
        _boosting_fits,
        "Boosted trees must have the features of their model, and a column each",
    ),
    (
        _BOOSTING,
        _start_fits,
        "Boosted trees must begin with as many columns as they add to",
    ),
    (
        (HistGradientBoostingClassifier, HistGradientBoostingRegressor),
        _histogram_fits,
        "Boosted trees must have the features and the levels of their model",
    ),
)


_CHECKS = (*TREE_CHECKS, *MODEL_CHECKS)


def check_structure(loaded: Any) -> None:
    """Raise if a fitted structure in a loaded object cannot be walked safely.

    Parameters
    ----------
    loaded : object
        What skops built.

    Raises
    ------
    IntegrityError
        With the rule that the structure breaks.
    """
    rules: dict[type, list[tuple[Callable[[Any], bool], str]]] = {}
    last = []
    for obj, _ in walk(loaded):
        kind = type(obj)
        if kind not in rules:
            rules[kind] = [
                (fits, rule)
                for classes, fits, rule in _CHECKS
                if issubclass(kind, classes)
            ]
        for fits, rule in rules[kind]:
            if getattr(fits, "calls", False):
                last.append((obj, fits, rule))
            else:
                _check(obj, fits, rule)
    # These predict with parts that are checked first.
    for finding in last:
        _check(*finding)


def _check(obj: Any, fits: Callable[[Any], bool], rule: str) -> None:
    try:
        fit = fits(obj)
    except Exception:
        # A part is missing or of another type.
        fit = False
    if not fit:
        raise IntegrityError(
            f"{rule}. The file holds a {type(obj).__name__} for which this is not so; "
            "it was damaged or edited. Get a whole copy."
        )
