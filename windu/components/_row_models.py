"""Models that are asked for one row at a time."""

from __future__ import annotations

from copy import copy
from typing import Any

from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)

from windu._compat.boosting import boosting_of_row
from windu.components.blend import BoostedBlendClassifier, BoostedBlendRegressor

__all__ = ["QUICK_TYPES", "model_of_row"]

_BLENDS = (BoostedBlendClassifier, BoostedBlendRegressor)
#: Models of which `model_of_row` makes a copy.
QUICK_TYPES = (
    *_BLENDS,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)


def model_of_row(model: Any) -> Any:
    """Return what predicts the same as a model, and is quick for one row.

    Parameters
    ----------
    model : estimator
        Fitted.

    Returns
    -------
    estimator
        For matrices of shape (1, n_features) of float64 that need no validation; the
        model itself where no shorter way is known.
    """
    if type(model) in _BLENDS:
        quick = copy(model)
        quick.booster_ = boosting_of_row(model.booster_)
        quick._blend = quick._mix
        return quick
    return boosting_of_row(model)
