"""Dates: of any type and resolution, and those that are written as texts."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.tseries.api import guess_datetime_format

if TYPE_CHECKING:
    from windu.schema.columns import ColumnSchema

__all__ = [
    "DateReading",
    "date_reader",
    "days_of",
    "has_zone",
    "parse_dates",
    "read_date_column",
    "usable_dates",
]

#: Years that stand for "no date" or "never": 0001-01-01 and 9999-12-31.
_FIRST_YEAR, _LAST_YEAR = 2, 9998
#: Outside of these years a text is more likely a code than a date.
_LIKELY_YEARS = (1700, 2200)
#: Longest text that is read as a date.
_LONGEST = 64
#: With fewer different texts, each must be a date.
_MIN_TEXTS = 20
_FEW_BAD = 0.05
_ISO = "ISO8601"

# Each is anchored, without nested repeats: matching is linear.
_ISO_DATE = re.compile(r"[ ]{0,8}[0-9]{4}-[0-9]{2}")
_OFFSET = re.compile(r"[0-9]{2}:[0-9]{2}\S{0,12}(?:Z|[+-][0-9]{2}:?[0-9]{2})$")
_SEPARATOR = re.compile(r"[-/.: ,T]")
_YEAR = re.compile(r"[0-9]{4}")
_WORD = re.compile(r"[A-Za-z]{3}")


@dataclass(frozen=True)
class DateReading:
    """How the different texts of a column are read as dates.

    Attributes
    ----------
    format : str or None
        As of `datetime.strptime`; None where the column has no dates.
    why : str
        The rule that decided.
    bad_texts : tuple of str
        Texts that are no dates.
    note : str or None
        What may be a mistake.
    """

    format: str | None = None
    why: str = ""
    bad_texts: tuple[str, ...] = ()
    note: str | None = None


def parse_dates(values: pd.Series, date_format: str | None) -> pd.Series:
    """Return dates without time zone (UTC); what is no date becomes NaT.

    Parameters
    ----------
    values : pandas.Series
        Texts, date objects or datetimes of the years 1 to 9999.
    date_format : str or None
        The format of texts; None for values that are dates already.

    Returns
    -------
    pandas.Series of datetime64[us]
        Same index.
    """
    if values.dtype.kind == "M" and not isinstance(values.dtype, pd.ArrowDtype):
        dates = values
        if getattr(dates.dt, "tz", None) is not None:
            dates = dates.dt.tz_convert("UTC").dt.tz_localize(None)
        return _as_microseconds(dates)
    cells = values.astype(object)
    codes, distinct = pd.factorize(cells)
    parsed = _parse_distinct(pd.Series(distinct, dtype=object), date_format)
    moments = np.append(parsed, np.datetime64("NaT", "us"))[codes]
    return pd.Series(moments, values.index, name=values.name)


def _as_microseconds(dates: pd.Series) -> pd.Series:
    if dates.dtype == "datetime64[us]":
        return dates
    moments = dates.to_numpy(copy=True)
    # What microseconds cannot hold, or no calendar of Python, is no date.
    years = moments.astype("datetime64[Y]").astype("int64") + 1970
    in_range = (years >= 1) & (years <= 9999)
    moments[~in_range] = "NaT"
    return pd.Series(moments.astype("datetime64[us]"), dates.index, name=dates.name)


def _parse_distinct(cells: pd.Series, date_format: str | None) -> np.ndarray:
    """Return different cells as datetime64[us], each read as if it stood alone."""
    parsed = np.full(len(cells), np.datetime64("NaT", "us"))
    objects = [(i, cell) for i, cell in enumerate(cells) if not isinstance(cell, str)]
    for position, cell in objects:
        parsed[position] = _moment_of(cell)
    texts = np.array([isinstance(c, str) and len(c) <= _LONGEST for c in cells], bool)
    if not texts.any() or date_format is None:
        return parsed
    written = cells[texts]
    iso = written.map(lambda text: bool(_ISO_DATE.match(text)))
    chosen = iso if date_format == _ISO else pd.Series(True, written.index)
    dates = _to_datetime(written.where(chosen), date_format)
    if date_format.startswith("%Y-%m"):
        # The same moment may be written with more or less of it.
        unread = np.isnat(dates) & iso.to_numpy()
        iso_dates = _to_datetime(written.where(unread), _ISO)
        dates = np.where(unread, iso_dates, dates)
    parsed[texts] = dates
    return parsed


def _to_datetime(texts: pd.Series, date_format: str) -> np.ndarray:
    dates = pd.to_datetime(texts, format=date_format, errors="coerce", utc=True)
    dates = dates.dt.tz_localize(None)
    parsed: np.ndarray = dates.to_numpy("datetime64[us]")
    # Older versions of pandas hold few years, and newer ones coerce some of them.
    for position in np.flatnonzero(np.isnat(parsed) & texts.notna().to_numpy()):
        text = texts.iloc[position].strip()
        try:
            if date_format == _ISO:
                moment = datetime.fromisoformat(text)
            else:
                moment = datetime.strptime(text, date_format)
        except ValueError:
            continue
        parsed[position] = _moment_of(moment)
    return parsed


def _moment_of(cell: Any) -> Any:
    """Return a date object as a moment of UTC; NaT for what is none."""
    moment: Any = cell
    if isinstance(cell, np.datetime64):
        return np.datetime64(moment, "us")
    if not isinstance(cell, date) or cell is pd.NaT:
        return np.datetime64("NaT", "us")
    if not isinstance(cell, datetime):
        cell = datetime.combine(cell, time.min)
    if cell.tzinfo is not None:
        # The first and the last day of the calendar have no UTC.
        with suppress(OverflowError):
            cell = cell.astimezone(UTC)
        cell = cell.replace(tzinfo=None)
    moment = cell.to_datetime64() if isinstance(cell, pd.Timestamp) else cell
    return np.datetime64(moment, "us")


def usable_dates(values: pd.Series, date_format: str | None) -> pd.Series:
    """Return dates as `parse_dates` does, with placeholders as missing.

    Parameters
    ----------
    values : pandas.Series
        As in `parse_dates`.
    date_format : str or None
        As in `parse_dates`.

    Returns
    -------
    pandas.Series of datetime64[us]
        Dates of the years 1 and 9999 are NaT: they stand for "never".
    """
    dates = parse_dates(values, date_format)
    years = dates.dt.year
    return dates.where(years.between(_FIRST_YEAR, _LAST_YEAR))


def days_of(dates: pd.Series, start: pd.Timestamp | None = None) -> np.ndarray:
    """Return dates as days since a start, of 1970 by default.

    Parameters
    ----------
    dates : pandas.Series of datetime64[us]
        Without time zone.
    start : pandas.Timestamp, default=None
        Without time zone.

    Returns
    -------
    ndarray of float64 of shape (n_samples,)
        NaN for a missing date.
    """
    origin = np.datetime64("1970-01-01" if start is None else start.to_datetime64())
    elapsed = dates.to_numpy("datetime64[us]") - origin.astype("datetime64[us]")
    return np.asarray(elapsed / np.timedelta64(1, "D"), dtype="float64")


def has_zone(values: pd.Series) -> np.ndarray:
    """Return which dates come with a time zone or an offset.

    Parameters
    ----------
    values : pandas.Series
        Texts, date objects or datetimes.

    Returns
    -------
    ndarray of bool of shape (n_samples,)
        False for what is missing.
    """
    if values.dtype.kind == "M" and not isinstance(values.dtype, pd.ArrowDtype):
        zoned = getattr(values.dt, "tz", None) is not None
        return values.notna().to_numpy() & zoned

    def is_zoned(cell: Any) -> bool:
        if isinstance(cell, str):
            return len(cell) <= _LONGEST and bool(_OFFSET.search(cell.strip()))
        return getattr(cell, "tzinfo", None) is not None

    codes, distinct = pd.factorize(values.astype(object))
    return np.array([*map(is_zoned, distinct), False], dtype=bool)[codes]


def read_date_column(texts: pd.Series) -> DateReading:
    """Decide whether the different texts of a column are dates.

    Parameters
    ----------
    texts : pandas.Series of object
        Different texts, without those that stand for missing values.

    Returns
    -------
    DateReading
        Of twenty texts and more a few may be no dates. Where day and month cannot be
        told apart, month first, with a note.
    """
    n_bad = int(max(1, _FEW_BAD * len(texts))) if len(texts) >= _MIN_TEXTS else 0
    head = texts.iloc[:200]
    likely = head.map(_looks_like_date)
    if int((~likely).sum()) > n_bad:
        return DateReading()
    formats = _guessed_formats(head[likely])
    fitting = [f for f in formats if _reading(f, head, n_bad) is not None]
    readings = [r for f in fitting if (r := _reading(f, texts, n_bad)) is not None]
    if not readings:
        return DateReading()
    date_format, bad = min(readings, key=lambda reading: len(reading[1]))
    fewest = [f for f, bad_others in readings if len(bad_others) == len(bad)]
    notes = []
    if len(fewest) > 1 and _is_swapped(*fewest[:2]):
        notes.append(
            f"holds dates such as {texts.iloc[0]!r} whose day and month cannot be told "
            f"apart; they are read as {date_format}; write them as 2024-12-31, or pass "
            "dates, not texts, to choose another reading"
        )
    why = f"all texts are dates like {date_format}"
    if bad:
        why = f"texts are dates like {date_format}, but for {len(bad)} of {len(texts)}"
        notes.append(
            f"holds dates, but for texts such as {bad[:3]}, which count as missing; "
            "correct them, or write a missing value in their place"
        )
    return DateReading(date_format, why, tuple(bad[:100]), "; it ".join(notes) or None)


def _looks_like_date(text: str) -> bool:
    """Tell a text that may be a date from most that are none."""
    if len(text) > _LONGEST:
        return False
    digits = [i for i, sign in enumerate(text) if sign.isdigit()]
    if len(digits) == len(text) == 8:
        return True
    if digits and _SEPARATOR.search(text, digits[0], digits[-1]):
        return True
    word = _WORD.search(text)
    return word is not None and _YEAR.search(text, word.end()) is not None


def _guessed_formats(texts: pd.Series) -> list[str]:
    formats = []
    with warnings.catch_warnings():
        # pandas warns when a text contradicts the dayfirst that is only tried here.
        warnings.simplefilter("ignore", UserWarning)
        positions = np.linspace(0, len(texts) - 1, min(len(texts), 5)).astype(int)
        for text in texts.iloc[np.unique(positions)]:
            for day_first in (False, True):
                formats.append(guess_datetime_format(text, dayfirst=day_first))
    formats_known = dict.fromkeys(f for f in formats if f and f != "%Y")
    # Nobody writes the day between the year and the month.
    return [f for f in formats_known if not re.match(r"%Y.%d.%m", f)]


def _reading(
    date_format: str, texts: pd.Series, n_bad: int
) -> tuple[str, list[str]] | None:
    """Return a format and the texts that it does not read, if they are few."""
    dates = parse_dates(texts, date_format)
    bad = texts[dates.isna()].tolist()
    years = dates.dt.year
    strange = (years.between(_FIRST_YEAR, _LAST_YEAR)) & ~years.between(*_LIKELY_YEARS)
    if len(bad) > n_bad or len(bad) == len(texts) or int(strange.sum()) > n_bad:
        return None
    return date_format, bad


def _is_swapped(first: str, right: str) -> bool:
    """Tell whether two formats differ in the order of day and month alone."""
    swapped = first.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m")
    return swapped == right


#: What strftime writes in one form only, so that a text can be compared with it.
_EXACT_FORMAT = re.compile(r"(?:%[YmdHMSbB]|[^%])*(%z)?")
_LAST_OFFSET = re.compile(r"(?:Z|[+-][0-9]{2}:?[0-9]{2})\Z")
_NUMBER = re.compile(r"[0-9]+")
_ISO_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)


def date_reader(column: ColumnSchema) -> Callable[[Any], datetime | None] | None:
    """Return what reads one value of a column of dates as a whole table is read.

    Parameters
    ----------
    column : ColumnSchema
        The column of training.

    Returns
    -------
    callable or None
        From a value that is not missing to its time, UTC without a zone; None for what
        is not plainly as in training. None for columns that it does not know.
    """
    if column.storage == "text":
        text_format = column.date_format or "%"
        if text_format == _ISO:
            return lambda value: _read_iso(value, column.zoned)
        exact = _EXACT_FORMAT.fullmatch(text_format)
        if exact is None:
            return None
        plain = text_format.removesuffix("%z")
        return lambda value: _read_text(value, plain, exact[1] is not None)
    unit = re.fullmatch(r"datetime64\[(s|ms|us|ns)(, .+)?\]|object", column.dtype)
    if column.storage != "datetime" or unit is None:
        return None
    # Finer parts than the dtype of training holds are cut off when a table is cast.
    finest = {"s": 1_000_000, "ms": 1000}.get(unit[1] or "", 1)
    zoned = unit[2] is not None

    def read(value: Any) -> datetime | None:
        if type(value) not in (datetime, pd.Timestamp):
            return None
        if (value.tzinfo is not None) != zoned:
            return None
        if type(value) is pd.Timestamp:
            if value.nanosecond:
                return None
            value = value.to_pydatetime()
        if value.microsecond % finest:
            return None
        return value.astimezone(UTC).replace(tzinfo=None) if zoned else value

    return read


def _read_text(value: Any, text_format: str, zoned: bool) -> datetime | None:
    """Return the date of a text that is written in the one way of its format."""
    if type(value) is not str:
        return None
    offset = _LAST_OFFSET.search(value) if zoned else None
    if zoned and offset is None:
        return None
    text = value if offset is None else value[: offset.start()]
    try:
        date = datetime.strptime(text, text_format)
        written = date.strftime(text_format)
        # Hours and days may lack their zero.
        if written != text and written != _NUMBER.sub(_two_digits, text):
            return None
        if offset is None:
            return date
        shift = datetime.strptime(offset[0], "%z").utcoffset() or timedelta()
        return date - shift
    except (ValueError, OverflowError):
        return None


def _two_digits(digits: re.Match[str]) -> str:
    return digits[0].zfill(2)


def _read_iso(value: Any, zoned: bool | None) -> datetime | None:
    if type(value) is not str or _ISO_TIME.fullmatch(value) is None:
        return None
    try:
        date = datetime.fromisoformat(value)
        if zoned is not None and (date.tzinfo is not None) != zoned:
            return None
        return (
            date if date.tzinfo is None else date.astimezone(UTC).replace(tzinfo=None)
        )
    except (ValueError, OverflowError):
        return None
