"""What a column holds, read from its values: the rules behind `ColumnSchema.kind`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd

from windu.io.cells import LARGEST_WHOLE
from windu.schema.columns import ColumnSchema
from windu.schema.dates import days_of, read_date_column, usable_dates
from windu.schema.numbers import is_long_code, parse_numbers, read_number_column

__all__ = [
    "MISSING_TEXTS",
    "TextReading",
    "are_merged",
    "as_numbers",
    "as_texts",
    "has_long_codes",
    "is_castable",
    "is_identifier_name",
    "is_missing_text",
    "mean_words",
    "numbers_of",
    "storage_of",
    "storage_of_cell",
    "storage_of_objects",
    "text_kind",
    "text_of",
]

#: Texts that stand for "no value" in a column of numbers or dates.
MISSING_TEXTS = frozenset(
    {
        "",
        "-",
        "--",
        "?",
        ".",
        "na",
        "n/a",
        "#n/a",
        "nan",
        "nil",
        "none",
        "null",
        "missing",
        "unknown",
        "nat",
        "<na>",
        "#na",
        "-nan",
    }
)
#: More levels than this, and a column of texts is high-cardinality.
MAX_LEVELS = 40
#: At least so many words in the mean, and the words of a text say something.
MIN_WORDS = 1.5
#: Fewer values than this say nothing about a column being an identifier.
MIN_IDENTIFIER_ROWS = 30

_IDENTIFIER_NAME = re.compile(
    r"^(unnamed: ?\d+|index|row_?(names?|id|num(ber)?)?|rownames?|(.*[_ .-])?"
    r"(id|uuid|guid|key|pk)|[a-z]+ID|[a-z]+Id)$"
)


def storage_of(values: pd.Series) -> str:
    """Return how the values are stored, whatever the dtype is called.

    Parameters
    ----------
    values : pandas.Series
        One column.

    Returns
    -------
    {"boolean", "numeric", "datetime", "timedelta", "text", "empty", "other"}
        "other" is what has no place in a table of values: lists, dicts, bytes.
    """
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return (
            "text"
            if dtype.categories.dtype == object
            else storage_of(dtype.categories.to_series())
        )
    if pd.api.types.is_bool_dtype(dtype):
        return "boolean"
    if pd.api.types.is_numeric_dtype(dtype):
        return "other" if dtype.kind == "c" else "numeric"
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return "datetime"
    if pd.api.types.is_timedelta64_dtype(dtype):
        return "timedelta"
    if dtype != object:
        return _storage_of_extension(values)
    return storage_of_objects(values) or _storage_of_mixture(values)


def storage_of_objects(values: pd.Series) -> str | None:
    """Return how objects of one type are stored; None for a mixture.

    Parameters
    ----------
    values : pandas.Series of object
        One column.
    """
    inferred = pd.api.types.infer_dtype(values, skipna=True)
    return _STORAGE_OF_OBJECTS.get(inferred)


def _storage_of_mixture(values: pd.Series) -> str:
    """Return how objects of several types are stored: as texts, if texts show them."""
    classes = {storage_of_cell(cell) for cell in values[values.notna()]}
    if len(classes) == 1:
        return classes.pop()
    return "other" if "other" in classes else "text"


def storage_of_cell(cell: Any) -> str:
    """Return how one value that is not missing is stored, as in `storage_of`.

    Parameters
    ----------
    cell : object
        A value of a column of objects.
    """
    if isinstance(cell, (str, time, pd.Interval, pd.Period)):
        return "text"
    if isinstance(cell, (bool, np.bool_)):
        return "boolean"
    if isinstance(cell, (timedelta, np.timedelta64)):
        return "timedelta"
    if isinstance(cell, (date, np.datetime64)):
        return "datetime"
    if isinstance(cell, (Number, Decimal)):
        return "other" if isinstance(cell, (complex, np.complexfloating)) else "numeric"
    return "other"


_STORAGE_OF_OBJECTS = {
    "boolean": "boolean",
    "integer": "numeric",
    "floating": "numeric",
    "mixed-integer-float": "numeric",
    "decimal": "numeric",
    "date": "datetime",
    "datetime": "datetime",
    "datetime64": "datetime",
    "timedelta": "timedelta",
    "timedelta64": "timedelta",
    "string": "text",
    "interval": "text",
    "period": "text",
    "time": "text",
    "empty": "empty",
}


def _storage_of_extension(values: pd.Series) -> str:
    if pd.api.types.is_string_dtype(values.dtype) or isinstance(
        values.dtype, (pd.PeriodDtype, pd.IntervalDtype)
    ):
        return "text"
    kind = getattr(values.dtype, "kind", "O")
    if kind == "M" or str(values.dtype).startswith(("date32", "date64")):
        return "datetime"
    return {"m": "timedelta", "O": "other"}.get(kind, "other")


_CASTABLE = re.compile(
    r"^(bool|boolean|str|string|category|u?int\d+|U?Int\d+|float\d+|Float\d+"
    r"|(datetime|timedelta)64\[.+\]"
    r"|(bool|string|double|float|u?int\d+|timestamp\[.+\])\[pyarrow\])$"
)


def is_castable(dtype: str) -> bool:
    """Tell whether plain values can be cast to a dtype by its name.

    Parameters
    ----------
    dtype : str
        As pandas prints it.

    Returns
    -------
    bool
        False for objects, periods, intervals, decimals, lists and the like.
    """
    return bool(_CASTABLE.match(dtype))


def as_texts(values: pd.Series) -> pd.Series:
    """Return values as objects that are all texts, missing values left as they are.

    Parameters
    ----------
    values : pandas.Series
        A column whose storage is "text": also mixed ones, periods, intervals.

    Returns
    -------
    pandas.Series of object
        Same index.
    """
    texts = values.astype(object)
    if pd.api.types.infer_dtype(texts, skipna=True) in ("string", "empty"):
        return texts
    return texts.map(text_of, na_action="ignore").astype(object)


def text_of(value: Any) -> str:
    """Return a value as text; a whole number is written with its digits alone.

    Parameters
    ----------
    value : object
        Not missing.
    """
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return str(int(value))
    return str(value)


def has_long_codes(values: pd.Series) -> bool:
    """Tell whether numbers are codes that float64 could not tell apart.

    Parameters
    ----------
    values : pandas.Series
        A column whose storage is numeric.

    Returns
    -------
    bool
        True where most of the different values are whole and beyond 2**53.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.dtype.categories.to_series()
    dtype: Any = values.dtype
    if dtype == object:
        # Of decimals and Python's own integers, which have no bound.
        present = values.dropna().unique()
        integers = [int(x) for x in present if _is_whole(x)]
        return 2 * len(integers) >= len(present) and is_long_code(integers)
    if getattr(dtype, "kind", "O") not in "iu" or getattr(dtype, "itemsize", 8) < 8:
        return False
    low, high = values.min(), values.max()
    if pd.isna(low) or (low >= -LARGEST_WHOLE and high <= LARGEST_WHOLE):
        return False
    return is_long_code(values.dropna().unique())


def are_merged(values: pd.Series, numbers: np.ndarray) -> bool:
    """Tell whether different numbers become the same as float64.

    Parameters
    ----------
    values : pandas.Series
        A column whose storage is numeric.
    numbers : ndarray of shape (n_samples,)
        The same as float64.
    """
    dtype = values.dtype
    exact = dtype == object or (
        getattr(dtype, "kind", "O") in "iu" and getattr(dtype, "itemsize", 8) == 8
    )
    if not exact or (dtype != object and np.nanmax(np.abs(numbers)) < LARGEST_WHOLE):
        return False
    present = values.dropna()
    return bool(present.nunique() > len(np.unique(numbers[~np.isnan(numbers)])))


def _is_whole(value: Any) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite() and value == value.to_integral_value()
    return isinstance(value, (int, np.integer))


def as_numbers(values: pd.Series) -> np.ndarray:
    """Return numbers, booleans or durations (in seconds) as float64 with NaN.

    Parameters
    ----------
    values : pandas.Series
        A column whose storage is numeric, boolean or timedelta.

    Returns
    -------
    ndarray of shape (n_samples,)
        float64; a missing value is NaN.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    if storage_of(values) == "timedelta":
        return pd.to_timedelta(values).dt.total_seconds().to_numpy("float64")
    if values.dtype == object:
        # pd.NA and None are no numbers for astype.
        return values.where(values.notna(), np.nan).to_numpy("float64")
    return values.to_numpy("float64", na_value=np.nan)


def numbers_of(values: pd.Series, column: ColumnSchema) -> np.ndarray:
    """Return what a column measures: numbers, or dates as days since 1970.

    Parameters
    ----------
    values : pandas.Series
        A column of kind numeric, boolean or datetime.
    column : ColumnSchema
        What was seen in training.

    Returns
    -------
    ndarray of shape (n_samples,)
        float64; a missing value is NaN.
    """
    if column.storage == "text":
        values = as_texts(values)
    if column.kind == "datetime":
        return days_of(usable_dates(values, column.date_format))
    if column.storage == "text":
        return parse_numbers(values).to_numpy()
    return as_numbers(values)


def is_identifier_name(name: object) -> bool:
    """Tell whether a column's name says that it numbers the rows.

    Parameters
    ----------
    name : object
        The column's name.

    Returns
    -------
    bool
        True for ``id``, ``user_id``, ``rownames``, ``Unnamed: 0`` and the like.
    """
    text = str(name)
    return bool(_IDENTIFIER_NAME.match(text) or _IDENTIFIER_NAME.match(text.lower()))


def text_kind(name: object, counts: pd.Series, n_present: int) -> TextReading:
    """Return what a column of texts holds.

    Parameters
    ----------
    name : object
        The column's name.
    counts : pandas.Series
        How often each text occurs, indexed by text.
    n_present : int
        Number of values that are not missing.

    Returns
    -------
    TextReading
        Kind and reason; how numbers and dates are read.
    """
    texts = counts.index.to_series().astype(object).reset_index(drop=True)
    texts = texts.map(text_of).astype(object)
    real = texts[~texts.map(is_missing_text)].reset_index(drop=True)
    note = None
    if len(real) > 1:
        dates = read_date_column(real)
        if dates.format is not None:
            return TextReading(
                *("datetime", dates.why, dates.note),
                date_format=dates.format,
                bad_texts=dates.bad_texts,
            )
        numbers = read_number_column(real.tolist(), MAX_LEVELS)
        if numbers.numeric:
            return TextReading(
                *("numeric", numbers.why, numbers.note),
                marks=numbers.marks,
                bad_texts=numbers.bad_texts,
            )
        note = numbers.note
    kind, why = _kind_of_levels(name, texts, n_present)
    return TextReading(kind, why, note)


@dataclass(frozen=True)
class TextReading:
    """What a column of texts holds.

    Attributes
    ----------
    kind, why : str
        One of numeric, datetime, identifier, text, categorical, high-cardinality, and
        the rule that decided.
    note : str or None
        What may be a mistake.
    date_format : str or None
        For dates.
    marks : tuple of str
        For numbers, the signs that stand with them.
    bad_texts : tuple of str
        Texts of numbers or dates that are neither.
    """

    kind: str
    why: str
    note: str | None = None
    date_format: str | None = None
    marks: tuple[str, ...] = ()
    bad_texts: tuple[str, ...] = ()


def is_missing_text(text: str) -> bool:
    """Tell whether a text stands for "no value" in a column of numbers or dates.

    Parameters
    ----------
    text : str
        Of any length.
    """
    return len(text) < 64 and text.strip().lower() in MISSING_TEXTS


def _kind_of_levels(name: object, texts: pd.Series, n_present: int) -> tuple[str, str]:
    n = len(texts)
    words = mean_words(texts)
    distinct = n / n_present
    if (
        distinct == 1.0
        and words < MIN_WORDS
        and (
            n_present >= MIN_IDENTIFIER_ROWS
            or (n_present > 2 and is_identifier_name(name))
        )
    ):
        return "identifier", "every row has a text of its own"
    if n <= MAX_LEVELS:
        return "categorical", f"{n} levels"
    if distinct > 0.95 and words < MIN_WORDS:
        return "identifier", f"{n} different texts in {n_present} rows"
    if distinct > 0.5 and words >= MIN_WORDS:
        return "text", f"{words:.1f} words in the mean, {n} different texts"
    return "high-cardinality", f"{n} levels, more than {MAX_LEVELS}"


def mean_words(texts: Any) -> float:
    """Return the number of words a text, in the mean.

    Parameters
    ----------
    texts : Series or Index
        Different texts.

    Returns
    -------
    float
        Separated by white space.
    """
    return float(np.mean([len(str(text).split()) for text in texts]))
