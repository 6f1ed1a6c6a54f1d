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


#: More nodes than this take more memory as objects than a short wait is worth.
_MAX_NODES = 100_000


def boosting_of_few_rows(model: Any) -> Any:
    """Return a model of the same predictions that is quick for few rows.

    scikit-learn calls into compiled code once a tree: for few rows the calls, not the
    trees, take the time. Here each tree is walked in Python, in the same order with
    the same comparisons, so that the sum has the same bits.

    Parameters
    ----------
    model : HistGradientBoostingClassifier or HistGradientBoostingRegressor
        Fitted.

    Returns
    -------
    estimator
        A shallow copy for matrices of float64 that need no validation; the model
        itself where it is too large, has categorical splits or another form.
    """
    if type(model) not in (
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
    ):
        return model
    # The names of scikit-learn 1.8 to 1.9; without one of them nothing is gained.
    fitted = vars(model)
    iterations, start = fitted.get("_predictors"), fitted.get("_baseline_prediction")
    if iterations is None or fitted.get("_preprocessor", model) is not None:
        return model
    if not isinstance(start, np.ndarray) or start.dtype != np.float64:
        return model
    nodes = [tree.nodes for trees in iterations for tree in trees]
    if sum(map(len, nodes)) > _MAX_NODES or any(
        n["is_categorical"].any() for n in nodes
    ):
        return model
    quick = copy(model)
    quick._raw_predict = _raw_predict(
        [[_as_tuples(tree.nodes) for tree in trees] for trees in iterations],
        start.ravel().tolist(),
    )
    return quick


def _as_tuples(nodes: np.ndarray) -> Any:
    """Return the root: (feature, threshold, missing left, left, right) or a value."""
    tuples: list[Any] = [None] * len(nodes)
    fields = ("is_leaf", "value", "feature_idx", "num_threshold")
    leaf, value, feature, threshold = (nodes[name].tolist() for name in fields)
    missing = nodes["missing_go_to_left"].astype(bool).tolist()
    left_child, right = nodes["left"].tolist(), nodes["right"].tolist()
    # Children stand behind their parents.
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
