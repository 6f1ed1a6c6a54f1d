"""Fixed cuts of another class than the last, and cuts that cannot decide."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from windu.components.thresholds.scorers import position_of
from windu.exceptions import WinduWarning

__all__ = ["cut_of_last_class", "warn_of_constant_scores", "warn_of_idle_cuts"]


def warn_of_idle_cuts(family: Any, cuts: np.ndarray) -> None:
    """Warn of cuts that no probability is on the other side of."""
    if family.margin or family.kind not in ("binary", "multilabel"):
        return
    idle = (cuts > 1) | (cuts < 0)
    if idle.any():
        decision = "never" if cuts[idle][0] > 1 else "always"
        warnings.warn(
            "A cut of probabilities must lie from 0 to 1 to decide. Got "
            f"{cuts[idle][0]:g}: it {decision} decides for the label. Pass another.",
            WinduWarning,
            stacklevel=5,
        )


def cut_of_last_class(
    cuts: np.ndarray, pos_label: Any, classes: np.ndarray, margin: bool
) -> np.ndarray:
    """Return a cut of the score of a label as one of the score of the last class."""
    if position_of(pos_label, classes) == len(classes) - 1:
        return cuts
    # The label is chosen where its score reaches the cut; the last class elsewhere.
    return np.nextafter(-cuts if margin else 1 - cuts, np.inf)


def warn_of_constant_scores(evidence: np.ndarray, folds: Any) -> None:
    """Warn where no cut can part any rows; scikit-learn raises there."""
    numbers = np.zeros(len(evidence)) if folds is None else np.asarray(folds)
    spreads = [np.ptp(evidence[numbers == i], axis=0) for i in np.unique(numbers)]
    if spreads and not np.any(spreads):
        warnings.warn(
            "Scores must differ between rows for a threshold to be chosen. Got a model "
            "that gives all rows the same: the threshold decides alike for all of "
            "them. Check the features, or choose another model.",
            WinduWarning,
            stacklevel=5,
        )
