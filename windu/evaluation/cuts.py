"""The score along each cut, on rows that were held back."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from windu.components import ThresholdSelector
from windu.evaluation.held_out import HeldOut, plain, sampled
from windu.exceptions import WinduError, WinduWarning

__all__ = ["cuts", "plain_curve"]

#: More curves than this are not drawn.
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
