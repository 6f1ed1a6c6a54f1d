"""The share of right labels, for labels that scikit-learn's metrics refuse as well."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score
from sklearn.utils import check_consistent_length

from windu.exceptions import TargetError
from windu.tasks import read_target

__all__ = ["share_right"]


def share_right(y: Any, predicted: Any, sample_weight: Any = None) -> float:
    """Return the weighted share of rows of which all labels are right.

    scikit-learn's `accuracy_score` refuses bytes, objects that are no texts, lists of
    labels and tables of texts.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_labels), or list of labels
        True labels.
    predicted : array-like, as y
        Predicted labels.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    TargetError
        If the two differ in form.

    Examples
    --------
    >>> from windu.estimator.scoring import share_right
    >>> share_right([["a", "b"], ["b"]], [["b", "a"], []])
    0.5
    """
    check_consistent_length(y, predicted, sample_weight)
    true, predicted_target = read_target(y), read_target(predicted)
    if true.form != predicted_target.form:
        raise TargetError(
            "y must have the form of what is predicted. Got "
            f"{_words(true.form)} for {_words(predicted_target.form)}. Pass y as in "
            "fit."
        )
    if true.form == "labels":
        pairs = zip(true.values, predicted_target.values, strict=True)
        same = [
            set(true_labels) == set(found_labels) for true_labels, found_labels in pairs
        ]
        return float(np.average(same, weights=sample_weight))
    true_labels, found_labels = (
        np.asarray(true.values),
        np.asarray(predicted_target.values),
    )
    if true_labels.ndim == 1 and (
        true_labels.dtype.kind in "biuU" or isinstance(true_labels[0], str)
    ):
        return float(
            accuracy_score(true_labels, found_labels, sample_weight=sample_weight)
        )
    right = (
        np.asarray(true_labels == found_labels)
        .reshape(len(true_labels), -1)
        .all(axis=1)
    )
    return float(np.average(right, weights=sample_weight))


def _words(form: str) -> str:
    return {"column": "one column", "table": "several columns"}.get(form, "label lists")
