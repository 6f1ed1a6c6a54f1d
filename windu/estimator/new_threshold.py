"""The threshold of an estimator with replaced parts: a new one, or the one it has."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np

from windu.components.thresholds import ThresholdSelector
from windu.estimator.parts import fresh_part
from windu.estimator.thresholding import response_of
from windu.exceptions import PartError, WinduWarning

__all__ = ["fitted_threshold", "kept_threshold", "renamed_threshold"]


def fitted_threshold(est: Any, threshold: Any) -> ThresholdSelector | None:
    """Return a threshold for a fitted estimator, from what a user gave.

    Parameters
    ----------
    est : WinduEstimator
        Fitted.
    threshold : float, list of float, ThresholdSelector or None
        Fixed cuts, or a selector that is fitted.

    Returns
    -------
    ThresholdSelector or None
        Fitted; a copy.

    Raises
    ------
    PartError
        If a selector is not fitted, or was fitted on other classes.
    """
    if threshold is None:
        return None
    if est.task_ not in ("binary", "multiclass", "multilabel"):
        raise PartError(f"A threshold decides between classes. Got task={est.task_!r}.")
    _check_model(est)
    part = fresh_part("threshold", threshold, classifier=True)
    n, labels = len(est.classes_), est.task_ == "multilabel"
    margin = not hasattr(est, "predict_proba")
    if part.thresholds is not None:
        codes = np.empty((0, n) if labels else 0, dtype=np.int64)
        scores = np.empty((0, n if labels or n > 2 else 1))
        options: Any = {"margin": margin, "ranks": _known_ranks(est, part)}
        return part.choose(scores, codes, est.classes_, **options)
    if not hasattr(threshold, "thresholds_"):
        raise PartError(
            f"A new threshold must be fixed, or fitted. Got {threshold!r}. Choose "
            "it on rows that the model has not seen: ThresholdSelector('f1').fit("
            "est.predict_proba(X_dev), y_dev)."
        )
    labels_fitted = threshold.classes_.tolist()
    if len(labels_fitted) != n or (
        not labels and labels_fitted != est.classes_.tolist()
    ):
        raise PartError(
            "The threshold must be fitted on the classes "
            f"{est.classes_.tolist()}. Got {labels_fitted}. The rows it is chosen on "
            "must "
            "show every class."
        )
    columns = 1 if n == 2 and not labels else n
    if threshold.n_features_in_ not in (columns, n) or (
        threshold.margin_ and not margin
    ):
        raise PartError(
            "The threshold must be fitted on what "
            f"{'decision_function' if margin else 'predict_proba'} gives. Got one "
            f"fitted on {threshold.n_features_in_} columns of "
            f"{'distances' if threshold.margin_ else 'probabilities'}."
        )
    fitted = copy.deepcopy(threshold)
    fitted.classes_ = est.classes_
    return fitted


def _known_ranks(est: Any, part: ThresholdSelector) -> Any:
    ranks = getattr(est.threshold_, "ranks_", None)
    numbers = np.asarray(est.classes_).dtype.kind in "iuf"
    if part.ordered is True and ranks is None and not numbers:
        raise PartError(
            "The order of the classes must be known. Only an ordered threshold "
            "keeps it. Instead of ordered=True pass ordered=[...] with all of "
            f"{est.classes_.tolist()}, lowest first."
        )
    return ranks


def renamed_threshold(est: Any) -> ThresholdSelector | None:
    """Return the threshold of an estimator, with the classes that it has now.

    Parameters
    ----------
    est : WinduEstimator
        With other parts than the threshold was chosen with.

    Returns
    -------
    ThresholdSelector or None
        The same cuts; a copy.
    """
    threshold: ThresholdSelector | None = est.threshold_
    if threshold is None or est.model_ is None:
        return threshold
    renamed = copy.copy(threshold)
    renamed.classes_ = est.classes_
    return renamed


def kept_threshold(est: Any) -> None:
    """Raise if the threshold cannot decide on scores of a new model; warn if it can.

    Parameters
    ----------
    est : WinduEstimator
        With a new model, and the threshold that was there before.

    Raises
    ------
    PartError
        If there are no scores, or scores of another kind.
    """
    threshold = est.threshold_
    if threshold is None:
        return
    _check_model(est)
    margin = response_of(est.model_) == "decision_function"
    if margin != threshold.margin_:
        had, expected = ("distances", "probabilities")[
            :: 1 if threshold.margin_ else -1
        ]
        raise PartError(
            f"The threshold decides on {had}, and the new model gives {expected}. Pass "
            "threshold=... as well: None, a number, or a selector fitted on its scores."
        )
    if threshold.thresholds is None:
        warnings.warn(
            "The threshold stays as it was chosen, on scores of the model before. "
            "Choose it again on rows that the new model has not seen, and replace it: "
            "ThresholdSelector(...).fit(est.predict_proba(X_dev), y_dev).",
            WinduWarning,
            stacklevel=4,
        )


def _check_model(est: Any) -> None:
    if est.model_ is None:
        raise PartError(
            "A threshold needs a model. Got model=None. Pass threshold=None as well."
        )
