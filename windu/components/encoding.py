"""The features of a table from plain values, without frames.

This is the compiled form of `AutoFeaturizer`: one function a column, for one row or for
many. The functions accept values that are written as in training and decline others.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from windu.components.featurizers import date_parts, part_names
from windu.schema.columns import ColumnSchema
from windu.schema.compiled import known_levels, spelling_of
from windu.schema.dates import date_reader, usable_dates
from windu.schema.kinds import is_missing_text
from windu.schema.numbers import parse_number

__all__ = [
    "Coded",
    "ColumnEncoder",
    "Decline",
    "Feature",
    "Values",
    "column_encoder",
]


class Coded(NamedTuple):
    """A column of repeated values: each different value once, and one code a row."""

    codes: np.ndarray
    distinct: list[Any]

    def rows(self, numbers: Any) -> np.ndarray:
        """Return the numbers of each row, given those of the different values."""
        return np.asarray(numbers, dtype=np.float64)[self.codes]


#: The values of a column, one a row.
Values = Sequence[Any] | np.ndarray | pd.Series
#: The values of a feature: numbers one a row, texts coded or, of one row, in a list.
Feature = Sequence[Any] | np.ndarray | Coded
ColumnEncoder = Callable[[Values], list[Feature]]


class Decline(Exception):
    """A value that needs validation: a cast, a warning or an error."""


_NAN = float("nan")
_FLOATS = frozenset({float, np.float64, np.float32})
_DOUBLES = frozenset({float, np.float64})
_INTEGERS = frozenset({int} | {np.dtype(code).type for code in "bhilqBHILQ"})
_DATES = frozenset({datetime, pd.Timestamp})
#: Types of values in dropped columns; infinity is an error even there.
_HARMLESS = frozenset({str, bool, np.bool_, type(pd.NA), type(pd.NaT), *_DATES})
_UNCHANGED = ("categorical", "high-cardinality", "text")
_DAY = 86_400_000_000.0


def column_encoder(column: ColumnSchema, checked: bool) -> ColumnEncoder | None:
    """Return the function from the values of a column to its features.

    Parameters
    ----------
    column : ColumnSchema
        The column of training.
    checked : bool
        Whether tables are cast to the dtypes of training.

    Returns
    -------
    callable or None
        Takes the values of some rows, and returns one sequence a feature. A missing
        number is NaN, a missing level None and a missing text empty. Raises `Decline`
        for values that are not written as in training. None for columns without such
        a function.
    """
    kind, storage = column.kind, column.storage
    if kind in ("constant", "unsupported", "identifier"):
        return _no_features
    if storage == "text" and kind in _UNCHANGED:
        if kind == "text":
            return _once(_text_or_empty)
        return _levels(column) if checked else _once(_text)
    if storage == "text" and kind == "numeric":
        return _once(_parsed_number(column))
    if kind == "datetime":
        return _date(column)
    if kind == "boolean":
        return _booleans if column.dtype in ("bool", "boolean", "object") else None
    return _numbers(column, checked) if kind == storage == "numeric" else None


def _coded(values: Values) -> Coded:
    code_of: dict[Any, int] = {}
    try:
        if isinstance(values, pd.Series):
            codes, distinct = pd.factorize(values, use_na_sentinel=False)
            return Coded(codes, distinct.tolist())
        positions = [code_of.setdefault(value, len(code_of)) for value in values]
    except TypeError:
        # A list has no hash, and is not a value of a table.
        raise Decline from None
    return Coded(np.array(positions), list(code_of))


def _once(
    feature_of: Callable[[Any], Any], check: Callable[[Coded], None] | None = None
) -> ColumnEncoder:
    """Encode each different value once; `check` may decline a column of many rows."""

    def encode(values: Values) -> list[Feature]:
        if isinstance(values, list) and len(values) == 1:
            return [[feature_of(values[0])]]
        coded = _coded(values)
        if check is not None:
            check(coded)
        return [Coded(coded.codes, [feature_of(value) for value in coded.distinct])]

    return encode


def _is_missing(value: Any) -> bool:
    if value is None or value is pd.NA:
        return True
    return type(value) in _FLOATS and bool(value != value)


def _float(value: Any) -> float:
    kind = type(value)
    if kind in _FLOATS:
        number = float(value)
        if math.isinf(number):
            raise Decline
        return number
    if kind in _INTEGERS and -(2**63) <= value < 2**63:
        return float(value)
    if value is None or value is pd.NA:
        return _NAN
    raise Decline


def _floats(values: Values) -> Sequence[float] | np.ndarray:
    """Return numbers as they come if they are floats; the matrix shows infinity."""
    if isinstance(values, pd.Series):
        values = values.tolist()
    if isinstance(values, np.ndarray):
        if values.dtype == np.float64:
            return values
        if values.dtype.kind not in "iuf" or values.dtype == np.float16:
            raise Decline
        if values.dtype == np.uint64 and (values >= 2**63).any():
            raise Decline
        return values.astype(np.float64)
    if _DOUBLES.issuperset(map(type, values)):
        return values
    return [_float(value) for value in values]


def _numbers(column: ColumnSchema, checked: bool) -> ColumnEncoder | None:
    dtype = column.dtype.lower().replace("double", "float64").removesuffix("[pyarrow]")
    if dtype in ("float64", "object") or not checked:
        return lambda values: [_floats(values)]
    if dtype in ("float", "float32"):
        return lambda values: [_rounded(_floats(values))]
    if not re.fullmatch(r"u?int(8|16|32|64)", dtype):
        return None
    limits = np.iinfo(dtype)
    low, end = float(limits.min), float(limits.max) + 1

    def in_range(values: Values) -> list[Feature]:
        numbers = _floats(values)
        if len(numbers) > 1:
            numbers = np.asarray(numbers, dtype=np.float64)
            outside = bool(((numbers < low) | (numbers >= end)).any())
        else:
            outside = numbers[0] < low or numbers[0] >= end
        if outside:
            raise Decline
        return [numbers]

    return in_range


def _rounded(numbers: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return numbers in single precision, as the column is cast."""
    doubles = np.asarray(numbers, dtype=np.float64)
    with np.errstate(over="ignore"):
        rounded = doubles.astype(np.float32).astype(np.float64)
    if np.isinf(rounded).any():
        raise Decline
    return rounded


def _no_features(values: Values) -> list[Feature]:
    if isinstance(values, np.ndarray):
        if values.dtype.kind == "f" and np.isinf(values).any():
            raise Decline
        return []
    for value in values:
        if type(value) not in _HARMLESS:
            _float(value)
    return []


def _text(value: Any) -> str | None:
    if type(value) is str:
        if not value.isascii():
            try:
                # pandas cannot store half of a surrogate pair.
                value.encode()
            except UnicodeEncodeError:
                raise Decline from None
        return value
    if _is_missing(value):
        return None
    raise Decline


def _text_or_empty(value: Any) -> str:
    return _text(value) or ""


def _levels(column: ColumnSchema) -> ColumnEncoder:
    known = known_levels(column)
    categories = None if column.categories is None else {*map(str, column.categories)}
    levels = frozenset() if known is None else known.levels
    spellings = {} if known is None else known.spellings
    has_blank = "" in (column.levels or ()) or "" in (categories or ())

    def level_of(value: Any) -> str | None:
        text = _text(value)
        if text is None or (not text and not has_blank):
            return None
        if column.code_width is not None and len(text) < column.code_width:
            raise Decline
        if text not in levels and spelling_of(text) in spellings:
            raise Decline
        return None if categories is not None and text not in categories else text

    def check(coded: Coded) -> None:
        if known is None or len(coded.codes) < known.min_rows:
            return
        counts = np.bincount(coded.codes, minlength=len(coded.distinct))
        is_text = np.array([type(value) is str for value in coded.distinct])
        is_known = np.array([value in levels for value in coded.distinct])
        # Empty texts, which are missing, count as unknown: they may decline only.
        if counts[is_known].sum() < counts[is_text].sum() * known.share / 2:
            raise Decline

    return _once(level_of, check)


def _parsed_number(column: ColumnSchema) -> Callable[[Any], float]:
    plain = column.number_marks is None or "" in column.number_marks
    missing_texts = frozenset(column.missing_texts or ())

    def number_of(value: Any) -> float:
        text = _text(value)
        if text is None or text in missing_texts or is_missing_text(text):
            return _NAN
        parsed = parse_number(text) if plain else None
        if parsed is None or parsed[1] or not math.isfinite(parsed[0]):
            raise Decline
        return parsed[0]

    return number_of


def _boolean(value: Any) -> float:
    if type(value) is bool or type(value) is np.bool_:
        return float(value)
    if _is_missing(value):
        return _NAN
    raise Decline


def _booleans(values: Values) -> list[Feature]:
    if isinstance(values, np.ndarray) and values.dtype == np.bool_:
        return [values.astype(np.float64)]
    # 1 equals True and is no boolean: each value is looked at.
    return [[_boolean(value) for value in values]]


def _date(column: ColumnSchema) -> ColumnEncoder | None:
    start = pd.Timestamp(str(column.minimum))
    if start.nanosecond:
        return None
    if start.tz is not None:
        start = start.tz_convert(None)
    read = date_reader(column)
    if read is None:
        return None
    first, n_parts = start.to_pydatetime(), len(part_names(column))

    def parts(value: Any) -> tuple[float, ...]:
        if _is_missing(value) or value is pd.NaT:
            return (_NAN,) * n_parts
        date = read(value)
        if date is None or not 1700 <= date.year <= 2200:
            raise Decline
        hour = (float(date.hour * 60 + date.minute) / 60,) if column.has_time else ()
        gone = date - first
        elapsed = (gone.days * 86_400 + gone.seconds) * 1_000_000 + gone.microseconds
        return (
            *(float(date.year), float(date.month), float(date.day)),
            *(float(date.weekday()), float(date.timetuple().tm_yday)),
            *(*hour, float(elapsed) / _DAY),
        )

    encode_parts = _once(parts)

    def encode(values: Values) -> list[Feature]:
        if isinstance(values, np.ndarray) and values.dtype.kind == "M":
            if column.storage != "datetime" or str(values.dtype) != column.dtype:
                raise Decline
            return list(date_parts(column, usable_dates(pd.Series(values), None)))
        (dates,) = encode_parts(values)
        if isinstance(dates, Coded):
            return list(dates.rows(dates.distinct).T)
        return list(zip(*dates, strict=True))

    return encode
