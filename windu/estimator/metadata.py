"""Weights and other metadata on their way to the model's `fit`."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.metadata_routing import process_routing
from sklearn.utils.validation import has_fit_parameter

from windu._compat.sklearn import check_sample_weight, routing_enabled
from windu.exceptions import PartError

__all__ = ["model_fit_params"]


def model_fit_params(
    estimator: Any, model: Any, sample_weight: Any, params: dict[str, Any], n_rows: int
) -> dict[str, Any]:
    """Return what the model's `fit` is called with besides X and y.

    Parameters
    ----------
    estimator : WinduEstimator
        Whose routing decides, where scikit-learn's metadata routing is enabled.
    model : estimator or None
        The unfitted model.
    sample_weight : array-like of shape (n_rows,) or None
        Weights.
    params : dict
        More metadata.
    n_rows : int
        Number of rows of the table.

    Returns
    -------
    dict
        Keyword arguments.

    Raises
    ------
    PartError
        If the model cannot honour what was passed.
    """
    given = dict(params)
    if sample_weight is not None:
        given["sample_weight"] = sample_weight
    if not given:
        return {}
    if model is None:
        raise PartError(
            f"Weights and other metadata go to the model. Got {sorted(given)} and "
            "model=None. Leave them out, or pass a model."
        )
    if routing_enabled():
        given = dict(process_routing(estimator, "fit", **given).model.fit)
    for name in given:
        if "__" not in name and not has_fit_parameter(model, name):
            raise PartError(
                f"The model's fit must take {name}. Got "
                f"{type(model).__name__}, which does not. Leave {name} out, or choose "
                "a model that takes it."
            )
    if "sample_weight" in given:
        given["sample_weight"] = check_sample_weight(
            given["sample_weight"], np.empty((n_rows, 1)), ensure_non_negative=True
        )
    return given
