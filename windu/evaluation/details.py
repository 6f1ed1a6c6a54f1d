"""Details of held-out rows: classes, curves, residuals."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn import metrics
from sklearn.base import clone
from sklearn.metrics import mean_absolute_error, r2_score

from windu.components import ThresholdSelector
from windu.evaluation.held_out import HeldOut, plain, read_held_out, sampled
from windu.exceptions import WinduError, WinduWarning

__all__ = [
    "by_class",
    "calibration",
    "cuts",
    "details_of",
    "plain_curve",
    "reliability",
    "residuals",
]

#: Largest number of curves.
_MAX_CUTS = 10
_MAX_ROWS = 20_000
#: Of one curve, and of each of several.
_MAX_POINTS = (101, 41)


def cuts(estimator: Any, held_out: HeldOut) -> dict[str, Any] | None:
    """Return the score along each cut, with the ones that are used.

    Parameters
    ----------
    estimator : WinduEstimator
        Its threshold says which score; without one it is the balanced accuracy.
    held_out : HeldOut
        Its predictions.

    Returns
    -------
    dict or None
        As `plain_curve`. None where there are no probabilities, more than 10 cuts, or
        several classes without a threshold, or where these rows have no such score.
    """
    selector = estimator.threshold_
    chosen = isinstance(selector, ThresholdSelector)
    if held_out.scores is None or len(held_out.names) > _MAX_CUTS:
        return None
    if not chosen and held_out.task == "multiclass":
        return None
    if not chosen:
        n_cuts = len(held_out.names) if held_out.task == "multilabel" else 1
        selector = ThresholdSelector(thresholds=np.full(n_cuts, 0.5))
    known_rows = np.flatnonzero(
        held_out.truth.reshape(len(held_out.truth), -1).min(axis=1) >= 0
    )
    rows = known_rows[sampled(len(known_rows), _MAX_ROWS)]
    used = selector.thresholds_ if chosen else selector.thresholds
    fixed = clone(selector).set_params(thresholds=used, cv="prefit", min_samples=0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", WinduWarning)
            fixed.choose(
                *(held_out.scores[rows], held_out.truth[rows], held_out.classes),
                ranks=selector.ranks_ if chosen else None,
            )
    except WinduError:
        # Rows of one class have no score of decisions.
        return None
    return plain_curve(fixed)


def plain_curve(selector: ThresholdSelector) -> dict[str, Any] | None:
    """Return the curve of a fitted selector as plain data.

    Parameters
    ----------
    selector : ThresholdSelector
        Fitted.

    Returns
    -------
    dict or None
        ``score_name``, ``score`` and ``plain_score``, ``used`` (the cuts), ``weights``
        (whether they are weights of classes), and ``curve``: its columns, thinned.
        None where there is no curve.
    """
    if selector.curve_.empty or len(selector.thresholds_) > _MAX_CUTS:
        return None
    curve = selector.curve_
    groups = curve.groupby("label", sort=False) if "label" in curve else [("", curve)]
    most = _MAX_POINTS["label" in curve]
    thin = pd.concat([_thin(part, most) for _, part in groups])
    columns = {
        name: list(map(str, thin[name])) if name == "label" else plain(thin[name])
        for name in ("label", "threshold", "score", "std")
        if name in thin
    }
    score, plain_score = plain([selector.score_, selector.plain_score_])
    return {
        "score_name": selector.score_name_,
        "score": score,
        "plain_score": plain_score,
        "used": plain(selector.thresholds_),
        "weights": selector.kind_ == "multiclass",
        "curve": columns,
    }


def _thin(curve: pd.DataFrame, most: int) -> pd.DataFrame:
    last = len(curve) - 1
    at = np.linspace(0, last, min(len(curve), most)).round().astype(int)
    return curve.iloc[np.unique(at)]


_QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
#: What lies outside of these quantiles is not drawn: one outlier would hide the rest.
_SHOWN = (0.005, 0.995)
#: Bins, at most; fewer where there are few rows.
_N_CELLS = 30
_N_BINS = 40


def residuals(held_out: HeldOut) -> dict[str, Any]:
    """Return what is known of the residuals of each output, true minus predicted.

    Parameters
    ----------
    held_out : HeldOut
        Of regression.

    Returns
    -------
    dict
        By output: ``r2``, ``mean_absolute_error``, ``mean``, ``std`` and ``quantiles``
        of the residuals; ``histogram`` of them, and ``joint``: the number of rows by
        predicted (one row a bin) and true value, with ``edges`` for both.
    """
    return {
        name: _of_output(held_out.truth[:, i], held_out.predicted[:, i])
        for i, name in enumerate(held_out.names)
    }


def _of_output(truth: np.ndarray, predicted: np.ndarray) -> dict[str, Any]:
    rest = truth - predicted
    values = np.concatenate([truth, predicted])
    root = int(len(truth) ** 0.5)
    edges = _edges(values, min(_N_CELLS, 5 + root))
    joint = np.histogram2d(predicted, truth, bins=(edges, edges))[0]
    around = _edges(rest, min(_N_BINS, 5 + root))
    return {
        "r2": plain([r2_score(truth, predicted) if len(truth) > 1 else np.nan])[0],
        "mean_absolute_error": float(mean_absolute_error(truth, predicted)),
        "mean": float(rest.mean()),
        "std": float(rest.std()),
        "quantiles": {
            f"{q:g}": float(value)
            for q, value in zip(_QUANTILES, np.quantile(rest, _QUANTILES), strict=True)
        },
        "histogram": {
            "edges": plain(around),
            "rows": np.histogram(rest, around)[0].tolist(),
        },
        "joint": {"edges": plain(edges), "rows": joint.astype(int).tolist()},
    }


def _edges(values: np.ndarray, n_bins: int) -> np.ndarray:
    low, high = np.quantile(values, _SHOWN)
    if not low < high:
        # A constant column still needs a width.
        low, high = low - (abs(low) or 1.0) / 2, high + (abs(high) or 1.0) / 2
    return np.linspace(low, high, n_bins + 1)


N_BINS = 10
#: More labels than this are shown together only.
MAX_LABELS = 50


def reliability(scores: np.ndarray, happened: np.ndarray) -> dict[str, Any]:
    """Return how often something happened that was given a probability.

    The expected calibration error is the mean distance of the two over bins of equal
    width, weighted by their rows [1]_.

    Parameters
    ----------
    scores : ndarray of shape (n_samples,)
        Probabilities.
    happened : ndarray of bool of shape (n_samples,)
        Whether it did.

    Returns
    -------
    dict
        ``error``, from 0 to 1, and of each bin that has rows ``predicted`` and
        ``observed`` (means) and ``rows``.

    References
    ----------
    .. [1] M. Pakdaman Naeini, G. Cooper, M. Hauskrecht, "Obtaining well calibrated
       probabilities using Bayesian binning", AAAI 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from windu.evaluation.details import reliability
    >>> found = reliability(np.array([0.2, 0.2, 0.9]), np.array([False, True, True]))
    >>> found["observed"], round(found["error"], 3)
    ([0.5, 1.0], 0.233)
    """
    at = np.minimum((scores * N_BINS).astype(int), N_BINS - 1)
    rows = np.bincount(at, minlength=N_BINS)
    filled = rows > 0
    predicted, observed = (
        np.bincount(at, weights=values, minlength=N_BINS)[filled] / rows[filled]
        for values in (scores, happened)
    )
    rows = rows[filled]
    error = float(np.average(np.abs(predicted - observed), weights=rows))
    return {
        "error": error,
        "predicted": plain(predicted),
        "observed": plain(observed),
        "rows": rows.tolist(),
    }


def calibration(held_out: HeldOut) -> dict[str, Any] | None:
    """Return the reliability of what was predicted.

    Parameters
    ----------
    held_out : HeldOut
        Of a task with classes or labels.

    Returns
    -------
    dict or None
        As `reliability`, with ``of``: the positive class of two, the class that got
        the highest probability of several, or all labels together, whose single
        errors are ``labels``. None without probabilities.
    """
    if held_out.scores is None or not len(held_out.truth):
        return None
    if held_out.task == "binary":
        curve = reliability(held_out.scores[:, 1], held_out.truth == 1)
        return {"of": f"the probability of {held_out.names[1]}", **curve}
    if held_out.task == "multiclass":
        best = held_out.scores.argmax(axis=1)
        curve = reliability(held_out.scores.max(axis=1), best == held_out.truth)
        return {"of": "the highest probability of each row", **curve}
    curve = reliability(held_out.scores.ravel(), held_out.truth.ravel() == 1)
    labels = {
        name: reliability(held_out.scores[:, i], held_out.truth[:, i] == 1)["error"]
        for i, name in enumerate(held_out.names[:MAX_LABELS])
    }
    return {"of": "the probability of each label", **curve, "labels": labels}


#: Largest number of classes with a confusion matrix.
MAX_CLASSES = 50


def by_class(held_out: HeldOut) -> dict[str, Any]:
    """Return the table of classes and the confusion matrix.

    Parameters
    ----------
    held_out : HeldOut
        Of a task with classes or labels.

    Returns
    -------
    dict
        ``classes``: by name, precision, recall, f1 and rows (those of the class).
        ``confusion``, for up to 50 classes: one row a true class, one column a
        predicted one; for labels one such table each, no before yes. The rows of
        a class that was never trained on stand in neither; ``unknown`` counts them.
    """
    n_classes = len(held_out.names)
    several = held_out.task == "multilabel"
    columns = metrics.precision_recall_fscore_support(
        *(held_out.truth, held_out.predicted),
        labels=None if several else range(n_classes),
        zero_division=0.0,
    )
    names = ("precision", "recall", "f1", "rows")
    rows = zip(*(np.asarray(column).tolist() for column in columns), strict=True)
    details: dict[str, Any] = {
        "classes": {
            label: dict(zip(names, row, strict=True))
            for label, row in zip(held_out.names, rows, strict=True)
        }
    }
    if unknown := int((held_out.truth < 0).sum()):
        details["unknown"] = unknown
    if n_classes > MAX_CLASSES:
        return details
    if several:
        details["confusion"] = metrics.multilabel_confusion_matrix(
            held_out.truth, held_out.predicted
        ).tolist()
    else:
        is_known = held_out.truth >= 0
        counts = np.zeros((n_classes, n_classes), dtype=int)
        np.add.at(counts, (held_out.truth[is_known], held_out.predicted[is_known]), 1)
        details["confusion"] = counts.tolist()
    return details


def details_of(estimator: Any, X: Any, y: Any) -> dict[str, Any]:
    """Return the details of held-out rows as plain data.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted, with a model.
    X : table of shape (n_samples, n_columns)
        Rows that it was not fitted on.
    y : array-like, DataFrame or list of labels
        Their target.

    Returns
    -------
    dict
        ``rows``; for classes and labels ``classes``, ``confusion``, ``calibration`` and
        ``thresholds``; for numbers ``residuals``. What these rows do not have is left
        out.

    Examples
    --------
    >>> from windu import WinduEstimator
    >>> from windu.datasets import load_penguins
    >>> from windu.evaluation import details_of
    >>> X, y = load_penguins(return_X_y=True)
    >>> est = WinduEstimator("linear").fit(X[::2], y[::2])
    >>> found = details_of(est, X[1::2], y[1::2])
    >>> sorted(found)
    ['calibration', 'classes', 'confusion', 'rows']
    >>> sum(found["calibration"]["rows"])
    172
    """
    held_out = read_held_out(estimator, X, y)
    details: dict[str, Any] = {"rows": len(held_out.truth)}
    if held_out.task == "regression":
        return {**details, "residuals": residuals(held_out)}
    optional = {
        "calibration": calibration(held_out),
        "thresholds": cuts(estimator, held_out),
    }
    return {
        **details,
        **by_class(held_out),
        **{name: detail for name, detail in optional.items() if detail is not None},
    }
