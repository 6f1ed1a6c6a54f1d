"""Truth and predictions of held-back rows, read once for everything that judges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from windu._compat.row_order import match_rows
from windu.evaluation.indicators import column_classes, indicators
from windu.tasks import read_target

__all__ = ["HeldOut", "plain", "read_held_out", "sampled"]


@dataclass(frozen=True)
class HeldOut:
    """What was true, and what was predicted.

    Attributes
    ----------
    task : str
        Of the estimator.
    names : list of str
        Classes, labels, or outputs of regression.
    truth, predicted : ndarray
        Codes of classes (-1 for one that was never trained on), of shape (n_samples,);
        0 and 1 a label; numbers of shape (n_samples, n_outputs).
    scores : ndarray of shape (n_samples, n_names) or None
        Probabilities, where the model gives them.
    classes : ndarray of shape (n_names,) or None
        Classes or labels as they are.
    """

    task: str
    names: list[str]
    truth: np.ndarray
    predicted: np.ndarray
    scores: np.ndarray | None = None
    classes: np.ndarray | None = None


def read_held_out(estimator: Any, X: Any, y: Any) -> HeldOut:
    """Return what an estimator says of rows that it was not fitted on.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted, with a model.
    X : table of shape (n_samples, n_columns)
        The rows.
    y : array-like, DataFrame or list of labels
        Their target, in the form of training.

    Returns
    -------
    HeldOut
        Both as numbers.
    """
    match_rows({"X": X, "y": y})
    task = estimator.task_
    if task == "regression":
        truth, predicted = (
            np.asarray(read_target(labels).values, dtype=float).reshape(len(X), -1)
            for labels in (y, estimator.predict(X))
        )
        names = list(getattr(y, "columns", [getattr(y, "name", None)]))
        if len(names) != truth.shape[1] or names == [None]:
            names = list(range(truth.shape[1]))
        return HeldOut(task, list(map(str, names)), truth, predicted)
    has_scores = hasattr(estimator, "predict_proba")
    scores = np.asarray(estimator.predict_proba(X)) if has_scores else None
    classes = column_classes(estimator)
    if task == "multilabel":
        truth = indicators(estimator, y)
        predicted = indicators(estimator, estimator.predict(X))
    else:
        class_index = pd.Index(classes)
        truth, predicted = (
            class_index.get_indexer(pd.Index(np.asarray(labels)))
            for labels in (y, estimator.predict(X))
        )
    names = list(map(str, classes.tolist()))
    return HeldOut(task, names, truth, predicted, scores, classes)


def sampled(n_rows: int, most: int, seed: int = 0) -> np.ndarray:
    """Return positions of rows, in order: all of them, or as many as may be used."""
    if n_rows <= most:
        return np.arange(n_rows)
    return np.sort(np.random.default_rng(seed).choice(n_rows, most, replace=False))


def plain(values: Any) -> list[Any]:
    """Return numbers as JSON holds them, with six digits and None for what is none."""
    array = np.asarray(values)
    if array.dtype.kind in "biu":
        return list(array.tolist())
    return [
        plain(value)
        if isinstance(value, list)
        else (float(f"{value:.6g}") if np.isfinite(value) else None)
        for value in array.astype(float).tolist()
    ]
