"""All that is told of held-back rows beside the scores."""

from __future__ import annotations

from typing import Any

from windu.evaluation.by_class import by_class
from windu.evaluation.calibration import calibration
from windu.evaluation.cuts import cuts
from windu.evaluation.held_out import read_held_out
from windu.evaluation.residuals import residuals

__all__ = ["details_of"]


def details_of(estimator: Any, X: Any, y: Any) -> dict[str, Any]:
    """Return what is told of held-back rows, as plain data.

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
