"""scikit-learn's trees, and its histogram gradient boosting for few rows."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import numpy as np
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.tree._tree import Tree

__all__ = ["Tree", "TreePredictor", "boosting_of_few_rows"]


#: Up to so many nodes, trees are walked one by one in Python; more, as arrays at once.
_MAX_WALKED = 100_000


def boosting_of_few_rows(model: Any) -> Any:
    """Return a model of the same predictions that is quick for few rows.

    scikit-learn calls into compiled code once a tree: for few rows the calls, not the
    trees, take the time. Here all trees are walked in Python or in numpy, with the
    same comparisons, and their values are added in the same order, so that the sum has
    the same bits.

    Parameters
    ----------
    model : HistGradientBoostingClassifier or HistGradientBoostingRegressor
        Fitted.

    Returns
    -------
    estimator
        A shallow copy for matrices of float64 that need no validation; the model
        itself where it has categorical splits or another form.
    """
    if type(model) not in (
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
    ):
        return model
    # Private names of scikit-learn 1.8 and 1.9; without them the model is returned.
    fitted = vars(model)
    iterations, start = fitted.get("_predictors"), fitted.get("_baseline_prediction")
    if iterations is None or fitted.get("_preprocessor", model) is not None:
        return model
    if not isinstance(start, np.ndarray) or start.dtype != np.float64:
        return model
    nodes = [tree.nodes for trees in iterations for tree in trees]
    if any(n["is_categorical"].any() for n in nodes):
        return model
    quick = copy(model)
    baseline = start.ravel().tolist()
    if sum(map(len, nodes)) > _MAX_WALKED:
        quick._raw_predict = _raw_predict_at_once(nodes, baseline)
    else:
        quick._raw_predict = _raw_predict(
            [[_as_tuples(tree.nodes) for tree in trees] for trees in iterations],
            baseline,
        )
    return quick


def _raw_predict_at_once(
    trees: list[np.ndarray], start: list[float]
) -> Callable[..., Any]:
    """Walk all trees by one comparison a level; leaves lead to themselves."""
    sizes = [len(nodes) for nodes in trees]
    roots = np.cumsum([0, *sizes[:-1]])
    nodes = np.concatenate(trees)
    is_leaf, own = nodes["is_leaf"].astype(bool), np.arange(len(nodes))
    first = np.repeat(roots, sizes)
    children = np.stack(
        [np.where(is_leaf, own, nodes[side] + first) for side in ("right", "left")]
    )
    features = np.where(is_leaf, 0, nodes["feature_idx"]).astype(np.intp)
    thresholds, values = nodes["num_threshold"].copy(), nodes["value"].copy()
    missing_left = nodes["missing_go_to_left"].astype(bool)
    depth = int(nodes["depth"].max())

    def raw_predict(X: np.ndarray, n_threads: Any = None) -> np.ndarray:
        at = np.tile(roots, (len(X), 1))
        for _ in range(depth):
            numbers = np.take_along_axis(X, features[at], axis=1)
            left = (numbers <= thresholds[at]) | (missing_left[at] & np.isnan(numbers))
            at = children[left.astype(np.intp), at]
        leaves = values[at].reshape(len(X), -1, len(start))
        terms = np.empty((len(X), leaves.shape[1] + 1, len(start)))
        terms[:, 0], terms[:, 1:] = start, leaves
        # A cumulative sum adds one after the other, as the rounds do.
        return np.cumsum(terms, axis=1)[:, -1]

    return raw_predict


def _as_tuples(nodes: np.ndarray) -> Any:
    """Return the root: (feature, threshold, missing left, left, right) or a value."""
    tuples: list[Any] = [None] * len(nodes)
    fields = ("is_leaf", "value", "feature_idx", "num_threshold")
    leaf, value, feature, threshold = (nodes[name].tolist() for name in fields)
    missing = nodes["missing_go_to_left"].astype(bool).tolist()
    left_child, right = nodes["left"].tolist(), nodes["right"].tolist()
    # Children follow their parents.
    for i in reversed(range(len(nodes))):
        tuples[i] = (
            value[i]
            if leaf[i]
            else (
                *(feature[i], threshold[i], missing[i]),
                *(tuples[left_child[i]], tuples[right[i]]),
            )
        )
    return tuples[0]


def _raw_predict(iterations: list[Any], start: list[float]) -> Callable[..., Any]:
    def sums_of(row: list[float]) -> list[float]:
        sums = list(start)
        for trees in iterations:
            for k, node in enumerate(trees):
                while type(node) is tuple:
                    feature, threshold, missing_left, left_child, right = node
                    value = row[feature]
                    if value <= threshold or (missing_left and value != value):
                        node = left_child
                    else:
                        node = right
                sums[k] += node
        return sums

    def raw_predict(X: np.ndarray, n_threads: Any = None) -> np.ndarray:
        return np.array([sums_of(row) for row in X.tolist()])

    return raw_predict
