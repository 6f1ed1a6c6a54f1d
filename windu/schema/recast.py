"""One column of a new table becomes the column of training, cell by cell.

What a cell becomes depends on the cell and on training alone, never on the other
cells: a row is taken, or refused, alone as in any table.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from windu._compat.targets import cast
from windu.io.cells import LARGEST_WHOLE, settle_objects, without_blanks
from windu.schema import kinds
from windu.schema.columns import ColumnSchema
from windu.schema.dates import parse_dates
from windu.schema.numbers import parse_numbers, wrong_marks

__all__ = ["as_categories", "is_parsed", "is_settled", "recast"]

#: No part looks at them, whatever they hold.
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
    same = str(values.dtype) == column.dtype and column.dtype != "object"
    if not same or is_parsed(column) or column.code_width is not None:
        return False
    return column.categories is None or values.dtype == categories_of(column)


def is_parsed(column: ColumnSchema) -> bool:
    """Tell whether a column holds numbers or dates as texts.

    Parameters
    ----------
    column : ColumnSchema
        What was seen in training.
    """
    return column.storage == "text" and column.kind in ("numeric", "datetime")


def categories_of(column: ColumnSchema) -> pd.CategoricalDtype:
    """Return the categorical dtype of training.

    Parameters
    ----------
    column : ColumnSchema
        One with categories.
    """
    levels: Any = column.categories
    return pd.CategoricalDtype(pd.Index(levels), ordered=column.ordered)


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
    right = np.zeros(len(values), dtype=bool)
    if column.storage in ("empty", "other"):
        return values, right
    values = without_empty_texts(values, column)
    if values.isna().all():
        return _astype(values.astype(object), column), right
    converted, wrong = _converted(values, column)
    if is_parsed(column):
        wrong = wrong | _unreadable(converted, column)
    if wrong.any():
        # Nobody looks at the values of a column that is dropped.
        return values, right if column.kind in _DROPPED else wrong
    return _astype(converted, column), wrong


def without_empty_texts(values: pd.Series, column: ColumnSchema) -> pd.Series:
    """Return a column in which empty texts are missing, unless they are a level.

    Parameters
    ----------
    values : pandas.Series
        The column of a new table.
    column : ColumnSchema
        The column of training.

    Returns
    -------
    pandas.Series
        The column itself where there are none.
    """
    # Before empty texts were missing values, they could be a level.
    is_level = "" in (column.levels or ()) or "" in (column.categories or ())
    if column.storage != "text" or is_level:
        return values
    return without_blanks(values)


def _converted(values: pd.Series, column: ColumnSchema) -> Recast:
    """Return values stored as in training."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        levels = values.dtype.categories
        values = values.astype(object if levels.dtype.kind == "O" else levels.dtype)
    if values.dtype != object:
        return _of_one_storage(values, kinds.storage_of(values), column)
    if (storage := kinds.storage_of_objects(values)) is not None:
        return _of_one_storage(settle_objects(values), storage, column)
    present = values.notna().to_numpy()
    storages = values.map(kinds.storage_of_cell, na_action="ignore")
    wrong = np.zeros(len(values), dtype=bool)
    converted = values.copy()
    for storage in storages[present].unique():
        mask = (storages == storage).to_numpy(bool)
        part = settle_objects(values[mask])
        cells, wrong[mask] = _of_one_storage(part, storage, column)
        converted[mask] = cells.astype(object)
    return converted, wrong


def _of_one_storage(values: pd.Series, storage: str, column: ColumnSchema) -> Recast:
    right = np.zeros(len(values), dtype=bool)
    if storage == column.storage:
        if storage != "text":
            return values, right
        is_text = values.dtype != object and pd.api.types.is_string_dtype(values.dtype)
        texts = values if is_text else kinds.as_texts(values)
        return texts, _shortened(texts, column)
    if convert := _CONVERSIONS.get((storage, column.storage)):
        return convert(values, column)
    return values, values.notna().to_numpy()


def _shortened(texts: pd.Series, column: ColumnSchema) -> np.ndarray:
    """Return which codes are shorter than all of training: they lost their zeros."""
    if column.code_width is None:
        return np.zeros(len(texts), dtype=bool)
    width = column.code_width
    codes, distinct = pd.factorize(texts)
    short = [len(t) < width and t.isascii() and t.isdigit() for t in distinct]
    return np.array([*short, False], dtype=bool)[codes]


def _to_boolean(values: pd.Series, column: ColumnSchema) -> Recast:
    numbers = kinds.as_numbers(values)
    wrong = ~(np.isnan(numbers) | np.isin(numbers, (0.0, 1.0)))
    if wrong.any():
        return values, wrong
    booleans = pd.Series(numbers, values.index, dtype=object)
    return booleans.map(bool, na_action="ignore"), wrong


def _boolean_to_number(values: pd.Series, column: ColumnSchema) -> Recast:
    # Only numbers that were 0 and 1 in training can be told as booleans.
    is_zero_one = column.minimum in (0.0, 1.0) and column.maximum in (0.0, 1.0)
    numbers = pd.Series(kinds.as_numbers(values), values.index)
    return numbers if is_zero_one else values, values.notna().to_numpy() & (
        not is_zero_one
    )


def _text_to_date(values: pd.Series, column: ColumnSchema) -> Recast:
    texts = values.astype(object)
    real = texts.notna() & ~texts.map(kinds.is_missing_text, na_action="ignore").eq(
        True
    )
    dates = parse_dates(texts.where(real), "ISO8601")
    return dates, (dates.isna() & real).to_numpy()


def _date_to_text(values: pd.Series, column: ColumnSchema) -> Recast:
    if column.date_format is None:
        return values, values.notna().to_numpy()
    dates = parse_dates(values, None)
    texts = dates.dt.strftime(column.date_format.replace("%z", "+0000"))
    return texts.astype(object), np.zeros(len(values), dtype=bool)


def _number_to_text(values: pd.Series, column: ColumnSchema) -> Recast:
    """Return numbers as the texts of training, where none has lost anything.

    Levels that are whole numbers as texts come back as numbers from a file that was
    read without the schema.
    """
    pointed = column.number_texts == "pointed"
    codes, distinct = pd.factorize(values.astype(object))
    texts = [_text_of_number(number, pointed) for number in distinct]
    if column.kind == "categorical":
        # The other way to write a whole number may be the one of training.
        levels = set(map(str, column.levels or ()))
        for position, number in enumerate(distinct):
            if texts[position] not in levels:
                text = _text_of_number(number, not pointed)
                unknown = None if _lost_in_numbers(column) else texts[position]
                texts[position] = text if text in levels else unknown
    elif _lost_in_numbers(column):
        texts = [None] * len(texts)
    cells = pd.Series(np.array([*texts, None], dtype=object)[codes], values.index)
    return cells, (cells.isna() & values.notna()).to_numpy()


def _text_of_number(number: Any, pointed: bool) -> str | None:
    """Return a number as text; None where it is one of several that are written so."""
    if isinstance(number, (int, np.integer, Decimal)):
        return kinds.text_of(number)
    number = float(number)
    if number != np.floor(number) or not np.isfinite(number):
        return repr(number)
    if abs(number) > LARGEST_WHOLE:
        return None
    return repr(number) if pointed else str(int(number))


def _lost_in_numbers(column: ColumnSchema) -> bool:
    """Tell whether the texts of a column would be others if they were numbers.

    Parameters
    ----------
    column : ColumnSchema
        What was seen in training.

    Returns
    -------
    bool
        True for codes with leading zeros, and for names that hold no numbers.
    """
    if column.kind in ("numeric", "datetime"):
        return False
    if column.number_texts is None:
        # It was not looked at when the schema was stored.
        return column.kind != "high-cardinality"
    return column.number_texts in ("none", "padded")


def _boolean_to_text(values: pd.Series, column: ColumnSchema) -> Recast:
    """Levels True and False as texts come back as booleans from a CSV file."""
    texts = kinds.as_texts(values)
    return texts, (~texts.isin(column.levels or []) & texts.notna()).to_numpy()


def _text_to_duration(values: pd.Series, column: ColumnSchema) -> Recast:
    texts = values.astype(object)
    short = texts.where(texts.map(len, na_action="ignore") < 64)
    durations = pd.to_timedelta(short, errors="coerce")
    real = texts.notna() & ~texts.map(kinds.is_missing_text, na_action="ignore").eq(
        True
    )
    return durations, (durations.isna() & real).to_numpy()


def _is_real(texts: pd.Series, missing: Collection[str] = ()) -> pd.Series:
    """Return which texts do not stand for a missing value."""
    return texts.map(
        lambda text: not (text in missing or kinds.is_missing_text(text)),
        na_action="ignore",
    ).eq(True)


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
    """Return which texts of a column of numbers or dates are none of training's."""
    texts = kinds.as_texts(values)
    missing_texts = frozenset(column.missing_texts or ())
    real = _is_real(texts, missing_texts)
    texts = texts.where(real)
    if column.kind == "datetime":
        parsed: pd.Series = parse_dates(texts, column.date_format)
        return (real & parsed.isna()).to_numpy()
    parsed = parse_numbers(texts)
    wrong = (real & parsed.isna()).to_numpy()
    if column.number_marks is not None:
        wrong = wrong | wrong_marks(texts, column.number_marks)
    return np.asarray(wrong)


def _astype(values: pd.Series, column: ColumnSchema) -> pd.Series:
    """Give values the dtype of training, or the nearest that can hold them."""
    dtype: Any = column.dtype
    if column.categories is not None:
        return as_categories(values, column)
    if dtype == str(values.dtype) or not kinds.is_castable(dtype):
        return values
    if dtype == "category" or (dtype == "bool" and values.isna().any()):
        return values.astype(object)
    if column.storage == "numeric":
        return _as_number_type(values, dtype)
    if column.storage == "datetime":
        dates: Any = parse_dates(values, None)
        # Without a zone, a date is one of UTC.
        zoned = "," in dtype or "tz=" in dtype
        try:
            return (dates.dt.tz_localize("UTC") if zoned else dates).astype(dtype)
        except (ValueError, OverflowError):
            # Nanoseconds hold the years 1678 to 2262 alone.
            return dates
    return cast(values, dtype)


def as_categories(values: pd.Series, column: ColumnSchema) -> pd.Series:
    """Return values as the categories of training; any other is missing.

    Parameters
    ----------
    values : pandas.Series
        Stored as in training.
    column : ColumnSchema
        One with categories.
    """
    dtype = categories_of(column)
    if values.dtype == dtype:
        return values
    cells: Any = kinds.as_texts(values) if column.storage == "text" else values
    if column.storage == "numeric":
        cells = kinds.as_numbers(values)
    codes = dtype.categories.get_indexer(pd.Index(cells))
    categories = pd.Categorical.from_codes(codes, dtype=dtype)
    return pd.Series(categories, values.index, name=values.name)


def _as_number_type(values: pd.Series, dtype: Any) -> pd.Series:
    """Cast numbers where each of them stays what it is; else give floats."""
    if values.dtype.kind in "iu" and "nt" in dtype:
        low, high = _whole_range_of(dtype)
        if int(values.min()) >= low and int(values.max()) <= high:
            return values.astype(dtype)
    numbers = pd.Series(kinds.as_numbers(values), index=values.index, name=values.name)
    if "nt" in dtype:
        present = numbers.dropna()
        takes_missing = "[" in dtype or dtype[0] in "IU"
        is_whole = bool((np.isfinite(present) & (present == np.floor(present))).all())
        if not is_whole or not (takes_missing or len(present) == len(numbers)):
            return numbers
        lowest, highest = _range_of(dtype)
        if len(present) and (present.min() < lowest or present.max() > highest):
            return numbers
        return numbers.astype(dtype)
    with np.errstate(over="ignore"):
        converted = numbers.astype(dtype)
    overflow = np.isinf(kinds.as_numbers(converted)) & ~np.isinf(numbers.to_numpy())
    return numbers if overflow.any() else converted


def _whole_range_of(dtype: str) -> tuple[int, int]:
    info = np.iinfo(dtype.partition("[")[0].lower())
    return int(info.min), int(info.max)


def _range_of(dtype: str) -> tuple[float, float]:
    low, high = _whole_range_of(dtype)
    # Floats near the ends of 64 bits round to numbers behind them.
    return float(low), float(np.nextafter(float(high), 0))
