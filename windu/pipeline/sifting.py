"""Which rows of a table do not fit the schema of training."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from windu.estimator.prediction import validate
from windu.exceptions import SchemaError

__all__ = ["sift"]


def sift(estimator: Any, frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[int, str]]:
    """Part the rows that fit from those that do not.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted.
    frame : pandas.DataFrame of shape (n_samples, n_columns)
        A table of which some row does not fit.

    Returns
    -------
    fitting : pandas.DataFrame
        The rows that can be predicted.
    reasons : dict of int to str
        Why the others cannot, by position.

    Raises
    ------
    SchemaError
        If no row could fit, since the columns are others.
    """
    _check(estimator, frame.head(0))
    reasons: dict[int, str] = {}
    _halve(estimator, frame, 0, reasons)
    fits = np.ones(len(frame), dtype=bool)
    fits[list(reasons)] = False
    return frame[fits], reasons


def _halve(
    estimator: Any,
    frame: pd.DataFrame,
    first: int,
    reasons: dict[int, str],
) -> None:
    try:
        _check(estimator, frame)
    except SchemaError as error:
        if len(frame) == 1:
            reasons[first] = " ".join(str(error).split())
            return
        middle = len(frame) // 2
        _halve(estimator, frame.iloc[:middle], first, reasons)
        _halve(estimator, frame.iloc[middle:], first + middle, reasons)


def _check(estimator: Any, frame: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        # They are told when the rows that fit are predicted.
        warnings.simplefilter("ignore")
        validate(frame, estimator._table_schema, estimator._named, estimator.schema)
