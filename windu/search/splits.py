"""The rows that each fold is fitted on and scored on."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection import check_cv

from windu.estimator import WinduEstimator
from windu.tasks import read_target

__all__ = ["splits_of"]


def splits_of(
    cv: Any, estimator: Any, X: Any, y: Any, metadata: Mapping[str, Any]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the positions of the rows to fit on and to score on, by fold.

    Parameters
    ----------
    cv : int, splitter, iterable or None
        As scikit-learn takes it.
    estimator : estimator
        Classifiers have stratified folds.
    X, y : table and target
        All rows.
    metadata : mapping of str to object
        For the splitter.

    Returns
    -------
    list of (ndarray, ndarray)
        Masks are positions here.
    """
    labels = y
    if isinstance(estimator, WinduEstimator) and estimator.task == "multilabel":
        # scikit-learn knows no lists of labels; several labels are not stratified.
        labels = np.zeros(len(read_target(y).values))
    with warnings.catch_warnings():
        # A class with fewer rows than folds is missing in some.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        # An infinite y is told by the estimator.
        warnings.filterwarnings("ignore", "invalid value enc", RuntimeWarning)
        stratified = is_classifier(estimator) and labels is y
        splitter = check_cv(cv, labels, classifier=stratified)
        return [
            (_positions(fit), _positions(score))
            for fit, score in splitter.split(X, labels, **metadata)
        ]


def _positions(rows: Any) -> np.ndarray:
    rows = np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype == bool else rows
