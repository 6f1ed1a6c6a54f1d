"""What a column holds, read from its values: the rules behind `ColumnSchema.kind`."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.api import guess_datetime_format

from windu.schema.columns import ColumnSchema

__all__ = [
    "MISSING_TEXTS",
    "as_numbers",
    "as_texts",
    "date_format_of",
    "is_castable",
    "is_identifier_name",
    "mean_words",
    "numbers_of",
    "parse_dates",
    "parse_numbers",
    "storage_of",
    "text_kind",
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
#: Signs of currencies and percent, and commas between thousands.
_DECORATION = re.compile(r"^\s*[$€£]\s*|\s*[%$€£]\s*$|(?<=\d),(?=\d{3}(?:\D|$))")
_ISO_DATE = re.compile(r"\s*[12]\d{3}-\d\d")
_LEADING_ZERO = re.compile(r"^[+-]?0\d")
_DATE_LIKE = re.compile(r"\d.*[-/.: ,T].*\d|^\d{8}$|[A-Za-z]{3}.*\d{4}")


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
    return _STORAGE_OF_OBJECTS.get(
        pd.api.types.infer_dtype(values, skipna=True), "other"
    )


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
    "mixed-integer": "text",
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
    return texts.map(str, na_action="ignore")


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
        dates = parse_dates(values, column.date_format)
        return (dates - pd.Timestamp(0)).to_numpy() / np.timedelta64(1, "D")
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


def parse_numbers(texts: pd.Series) -> pd.Series:
    """Return texts as float64; what is no number becomes NaN.

    ``1,234.5``, ``$ 12`` and ``7 %`` are the numbers 1234.5, 12 and 7.

    Parameters
    ----------
    texts : pandas.Series
        Texts, with missing values.

    Returns
    -------
    pandas.Series of float64
        Same index.
    """
    numbers = pd.to_numeric(texts, errors="coerce").astype("float64")
    unread = numbers.isna() & texts.notna()
    if unread.any():
        plain = texts[unread].astype(object).str.replace(_DECORATION, "", regex=True)
        numbers[unread] = pd.to_numeric(plain, errors="coerce").astype("float64")
    return numbers


def parse_dates(values: pd.Series, date_format: str | None) -> pd.Series:
    """Return dates without time zone (UTC); what is no date becomes NaT.

    Parameters
    ----------
    values : pandas.Series
        Texts, date objects or datetimes.
    date_format : str or None
        The format of texts; None for values that are dates already.

    Returns
    -------
    pandas.Series of datetime64
        Same index.
    """
    if values.dtype.kind == "M" and not isinstance(values.dtype, pd.ArrowDtype):
        dates = values
    else:
        texts = values.astype(object)
        if date_format == "ISO8601":
            texts = texts.where(_is_iso(texts))
        dates = pd.to_datetime(texts, format=date_format, errors="coerce", utc=True)
        unread = dates.isna() & texts.notna()
        if unread.any() and (date_format or "").startswith("%Y-%m"):
            unread &= _is_iso(texts)
            # The same moment may be written with more or less of it.
            again = pd.to_datetime(
                texts.where(unread), format="ISO8601", errors="coerce", utc=True
            )
            dates = dates.where(~unread, again)
    if getattr(dates.dt, "tz", None) is not None:
        dates = dates.dt.tz_convert("UTC").dt.tz_localize(None)
    return dates.astype("datetime64[us]")


def _is_iso(texts: pd.Series) -> pd.Series:
    # pandas raises for years it cannot hold, also where it shall coerce.
    return texts.astype(object).map(
        lambda text: isinstance(text, str) and bool(_ISO_DATE.match(text))
    )


def date_format_of(texts: pd.Series) -> str | None:
    """Return the one format that all texts have as dates, or None.

    Parameters
    ----------
    texts : pandas.Series
        Different texts, without missing values.

    Returns
    -------
    str or None
        A `datetime.strptime` format. Where day and month cannot be told apart,
        month first.
    """
    head = texts.iloc[:200]
    if not head.map(lambda text: bool(_DATE_LIKE.search(text))).all():
        return None
    formats = []
    with warnings.catch_warnings():
        # pandas warns when a text contradicts the dayfirst that is only tried here.
        warnings.simplefilter("ignore", UserWarning)
        for text in head.iloc[[0, len(head) // 2, -1]]:
            for day_first in (False, True):
                formats.append(guess_datetime_format(text, dayfirst=day_first))
    for date_format in dict.fromkeys(f for f in formats if f and f != "%Y"):
        for sample in (head, texts):
            dates = parse_dates(sample, date_format)
            if not (dates.notna() & dates.dt.year.between(1700, 2200)).all():
                break
        else:
            return date_format
    return None


def text_kind(
    name: object, counts: pd.Series, n_present: int
) -> tuple[str, str, str | None]:
    """Return kind, reason and date format of a column of texts.

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
    kind : str
        One of numeric, datetime, identifier, text, categorical, high-cardinality.
    why : str
        The rule that decided.
    date_format : str or None
        For dates.
    """
    texts = counts.index.to_series().astype(object).reset_index(drop=True)
    texts = texts.map(str)
    real = texts[~texts.str.strip().str.lower().isin(MISSING_TEXTS)]
    if len(real) > 1:
        if date_format := date_format_of(real):
            return "datetime", f"all texts are dates like {date_format}", date_format
        if _are_numbers(real):
            return "numeric", "all texts are numbers", None
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
        return "identifier", "every row has a text of its own", None
    if n <= MAX_LEVELS:
        return "categorical", f"{n} levels", None
    if distinct > 0.95 and words < MIN_WORDS:
        return "identifier", f"{n} different texts in {n_present} rows", None
    if distinct > 0.5 and words >= MIN_WORDS:
        return "text", f"{words:.1f} words in the mean, {n} different texts", None
    return "high-cardinality", f"{n} levels, more than {MAX_LEVELS}", None


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


def _are_numbers(texts: pd.Series) -> bool:
    numbers: Any = parse_numbers(texts.iloc[:200])
    if numbers.isna().any() or texts.iloc[:200].str.match(_LEADING_ZERO).any():
        return False
    numbers = parse_numbers(texts)
    return bool(np.isfinite(numbers).all()) and not texts.str.match(_LEADING_ZERO).any()
