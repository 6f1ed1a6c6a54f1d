"""One column of a new table to the dtype of training, where the values are the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd

from windu._compat.dtypes import cast
from windu.schema import kinds
from windu.schema.columns import ColumnSchema

__all__ = ["is_parsed", "is_settled", "recast"]

_TYPES: dict[str, Any] = {
    "numeric": (Number, Decimal),
    "boolean": (bool, np.bool_),
    "datetime": (date, np.datetime64),
    "timedelta": (timedelta, np.timedelta64),
    "text": (str, Number),
}

#: No model looks at them, whatever they hold.
_DROPPED = ("constant", "identifier")

Recast = tuple[pd.Series, np.ndarray]


def is_settled(values: pd.Series, column: ColumnSchema) -> bool:
    """Tell whether the dtype alone says that the values are what they were.

    Parameters
    ----------
    values : pandas.Series
        The column of a new table.
    column : ColumnSchema
        The column of training.

    Returns
    -------
    bool
        False where the values have to be looked at.
    """
    same = str(values.dtype) == column.dtype != "object"
    return same and not is_parsed(column)


def recast(values: pd.Series, column: ColumnSchema) -> Recast:
    """Return the values in the dtype of training, and where their meaning differs.

    Parameters
    ----------
    values : pandas.Series
        The column of a new table.
    column : ColumnSchema
        The column of training.

    Returns
    -------
    values : pandas.Series
        Cast, if nothing is wrong.
    wrong : ndarray of bool of shape (n_samples,)
        Values that mean something else.
    """
    got = kinds.storage_of(values)
    right = np.zeros(len(values), dtype=bool)
    if column.storage in ("empty", "other") or column.kind in _DROPPED:
        return values, right
    if got == "empty" or values.isna().all():
        return _astype(values.astype(object), column), right
    mixed = values.dtype == object and got != column.storage
    strange = _strange_cells(values, column.storage) if mixed else right
    if got == column.storage or (got == "other" and mixed and not strange.any()):
        wrong = right
    elif strange.any() and not (strange | values.isna().to_numpy()).all():
        wrong = strange
    elif convert := _CONVERSIONS.get((got, column.storage)):
        values, wrong = convert(values, column)
    else:
        wrong = values.notna().to_numpy()
    if is_parsed(column):
        wrong = wrong | _unreadable(values, column)
    return (values if wrong.any() else _astype(values, column)), wrong


def _strange_cells(values: pd.Series, storage: str) -> np.ndarray:
    """Return which cells of a mixture are not stored as the column was."""
    known = _TYPES.get(storage, object)

    def is_strange(value: Any) -> bool:
        is_number = storage == "numeric" and isinstance(value, (bool, np.bool_))
        return is_number or not isinstance(value, known)

    return values.map(is_strange).to_numpy(bool) & values.notna().to_numpy()


def is_parsed(column: ColumnSchema) -> bool:
    """Tell whether a column holds numbers or dates as texts.

    Parameters
    ----------
    column : ColumnSchema
        What was seen in training.
    """
    return column.storage == "text" and column.kind in ("numeric", "datetime")


def _to_boolean(values: pd.Series, column: ColumnSchema) -> Recast:
    numbers = kinds.as_numbers(values)
    return values, ~(np.isnan(numbers) | np.isin(numbers, (0.0, 1.0)))


def _boolean_to_number(values: pd.Series, column: ColumnSchema) -> Recast:
    # Only numbers that were 0 and 1 in training can be told as booleans.
    told = column.minimum in (0.0, 1.0) and column.maximum in (0.0, 1.0)
    return values, values.notna().to_numpy() & (not told)


def _text_to_date(values: pd.Series, column: ColumnSchema) -> Recast:
    texts = values.astype(object)
    dates = kinds.parse_dates(texts, "ISO8601")
    return dates, (dates.isna() & texts.notna()).to_numpy()


def _date_to_text(values: pd.Series, column: ColumnSchema) -> Recast:
    if column.date_format is None:
        return values, values.notna().to_numpy()
    texts = kinds.parse_dates(values, None).dt.strftime(column.date_format)
    return texts, np.zeros(len(values), dtype=bool)


def _number_to_text(values: pd.Series, column: ColumnSchema) -> Recast:
    """Levels that are whole numbers as texts come back as numbers from a CSV file."""
    numbers = pd.Series(kinds.as_numbers(values), index=values.index)
    texts = numbers.map(
        lambda x: str(int(x)) if x == int(x) else repr(x), na_action="ignore"
    ).astype(object)
    if column.kind in ("numeric", "high-cardinality"):
        return texts, np.zeros(len(values), dtype=bool)
    return texts, (~texts.isin(column.levels or []) & texts.notna()).to_numpy()


def _boolean_to_text(values: pd.Series, column: ColumnSchema) -> Recast:
    """Levels True and False as texts come back as booleans from a CSV file."""
    texts = kinds.as_texts(values)
    return texts, (~texts.isin(column.levels or []) & texts.notna()).to_numpy()


def _text_to_duration(values: pd.Series, column: ColumnSchema) -> Recast:
    texts = values.astype(object)
    durations = pd.to_timedelta(texts, errors="coerce")
    return durations, (durations.isna() & texts.notna()).to_numpy()


_CONVERSIONS: dict[tuple[str, str], Callable[[pd.Series, ColumnSchema], Recast]] = {
    ("numeric", "boolean"): _to_boolean,
    ("boolean", "numeric"): _boolean_to_number,
    ("text", "datetime"): _text_to_date,
    ("datetime", "text"): _date_to_text,
    ("numeric", "text"): _number_to_text,
    ("boolean", "text"): _boolean_to_text,
    ("text", "timedelta"): _text_to_duration,
}


def _unreadable(values: pd.Series, column: ColumnSchema) -> np.ndarray:
    texts = kinds.as_texts(values)
    real = texts.notna()
    real &= ~texts.map(str).str.strip().str.lower().isin(kinds.MISSING_TEXTS)
    texts = texts.where(real)
    if column.kind == "datetime":
        read = kinds.parse_dates(texts, column.date_format)
    else:
        read = kinds.parse_numbers(texts)
    return (real & read.isna()).to_numpy()


def _astype(values: pd.Series, column: ColumnSchema) -> pd.Series:
    """Give values the dtype of training, or the nearest that can hold them."""
    dtype: Any = column.dtype
    if dtype == str(values.dtype) or not kinds.is_castable(dtype):
        return values
    if dtype == "category" or (dtype == "bool" and values.isna().any()):
        return values.astype(object)
    if column.storage == "numeric":
        return _as_number_type(values, dtype)
    if column.storage == "datetime":
        dates: Any = kinds.parse_dates(values, None)
        # Without a zone, a date is one of UTC.
        zoned = "," in dtype or "tz=" in dtype
        return (dates.dt.tz_localize("UTC") if zoned else dates).astype(dtype)
    return cast(values, dtype)


def _as_number_type(values: pd.Series, dtype: Any) -> pd.Series:
    """Cast numbers where each of them stays what it is; else give floats."""
    numbers = pd.Series(kinds.as_numbers(values), index=values.index, name=values.name)
    if "nt" in dtype:
        present = numbers.dropna()
        takes_missing = "[" in dtype or dtype[0] in "IU"
        whole = bool((np.isfinite(present) & (present == np.floor(present))).all())
        if not whole or not (takes_missing or len(present) == len(numbers)):
            return numbers
        lowest, highest = _range_of(dtype)
        if len(present) and (present.min() < lowest or present.max() > highest):
            return numbers
        return numbers.astype(dtype)
    with np.errstate(over="ignore"):
        cast = numbers.astype(dtype)
    overflow = np.isinf(kinds.as_numbers(cast)) & ~np.isinf(numbers.to_numpy())
    return numbers if overflow.any() else cast


def _range_of(dtype: str) -> tuple[float, float]:
    info = np.iinfo(dtype.partition("[")[0].lower())
    # Floats near the ends of 64 bits round to numbers behind them.
    return float(info.min), float(np.nextafter(float(info.max), 0))
