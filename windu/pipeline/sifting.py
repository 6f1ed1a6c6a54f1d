"""Which rows of a table do not fit the schema of training."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import pandas as pd

from windu.estimator.prediction import validate
from windu.exceptions import SchemaError

__all__ = ["reread", "sift"]

Retype = Callable[[pd.DataFrame], pd.DataFrame]


def reread(frame: pd.DataFrame, texts: Collection[str]) -> pd.DataFrame:
    """Return rows of a CSV file as they were read if they stood in a file alone.

    One wrong cell makes a text of every number of its column.

    Parameters
    ----------
    frame : pandas.DataFrame
        Some rows of what was read.
    texts : collection of str
        Columns that stay texts.

    Returns
    -------
    pandas.DataFrame
        The same cells.
    """
    text = frame.to_csv(index=False)
    return pd.read_csv(io.StringIO(text), dtype=dict.fromkeys(texts, "str"))


def sift(
    estimator: Any, frame: pd.DataFrame, retype: Retype
) -> tuple[pd.DataFrame, dict[int, str]]:
    """Part the rows that fit from those that do not.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted.
    frame : pandas.DataFrame of shape (n_samples, n_columns)
        A table of which some row does not fit.
    retype : callable
        Returns rows with the dtypes that they have without the others.

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
    _halve(estimator, frame, 0, retype, reasons)
    fits = np.ones(len(frame), dtype=bool)
    fits[list(reasons)] = False
    return retype(frame[fits]), reasons


def _halve(
    estimator: Any,
    frame: pd.DataFrame,
    first: int,
    retype: Retype,
    reasons: dict[int, str],
) -> None:
    try:
        _check(estimator, retype(frame))
    except SchemaError as error:
        if len(frame) == 1:
            reasons[first] = " ".join(str(error).split())
            return
        middle = len(frame) // 2
        _halve(estimator, frame.iloc[:middle], first, retype, reasons)
        _halve(estimator, frame.iloc[middle:], first + middle, retype, reasons)


def _check(estimator: Any, frame: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        # They are told when the rows that fit are predicted.
        warnings.simplefilter("ignore")
        validate(frame, estimator._table_schema, estimator._named, estimator.schema)
