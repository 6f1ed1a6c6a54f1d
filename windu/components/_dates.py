"""The parts of a date, as numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from windu.schema.columns import ColumnSchema
from windu.schema.dates import days_of

_FIELDS = ("year", "month", "day", "day_of_week", "day_of_year")


def part_names(column: ColumnSchema) -> list[str]:
    """Return the names of the parts that a date column is split into.

    Parameters
    ----------
    column : ColumnSchema
        A column of kind datetime.

    Returns
    -------
    list of str
        Hours only where dates have a time of day.
    """
    hour = ["hour"] if column.has_time else []
    return [*_FIELDS, *hour, "elapsed"]


def date_parts(column: ColumnSchema, dates: pd.Series) -> list[np.ndarray]:
    """Return the parts of dates as float64, NaN where a date is missing.

    Parameters
    ----------
    column : ColumnSchema
        A column of kind datetime; elapsed days count from its minimum.
    dates : pandas.Series of datetime64
        Without time zone.

    Returns
    -------
    list of ndarray of shape (n_samples,)
        In the order of `part_names`.
    """
    parts = [getattr(dates.dt, name).to_numpy("float64") for name in _FIELDS]
    if column.has_time:
        minutes = dates.dt.hour * 60 + dates.dt.minute
        parts.append(minutes.to_numpy("float64") / 60)
    return [*parts, days_of(dates, pd.Timestamp(str(column.minimum)))]
