"""Values in a user's schema as JSON and back: numbers, texts, dates, lists of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from windu.schema.user.zones import check_zone, zone_of

__all__ = [
    "MAX_VALUES",
    "Scalar",
    "Text",
    "Value",
    "decode_value",
    "encode_value",
    "reason_of",
]

#: No text of a schema is longer, and no list has more values.
MAX_TEXT = 10_000
MAX_VALUES = 100_000

Text = Annotated[str, Field(max_length=MAX_TEXT)]
_Whole = Annotated[int, Field(ge=-(2**63), lt=2**64)]
_Finite = Annotated[float, Field(allow_inf_nan=False)]

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?")


class TaggedText(BaseModel):
    """A value that JSON has no form for, as text."""

    model_config = ConfigDict(extra="forbid", strict=True)

    type: Literal["float", "timestamp", "datetime", "date", "duration", "timedelta"]
    value: Annotated[str, Field(max_length=50)]
    zone: Annotated[str, Field(max_length=100)] | None = None
    unit: Literal["s", "ms", "us", "ns"] | None = None


Scalar = bool | _Whole | _Finite | Text | None | TaggedText


class TaggedValues(BaseModel):
    """A collection other than a list."""

    model_config = ConfigDict(extra="forbid", strict=True)

    type: Literal["tuple", "set", "frozenset"]
    value: Annotated[list[Scalar], Field(max_length=MAX_VALUES)]


Value = Scalar | TaggedValues | Annotated[list[Scalar], Field(max_length=MAX_VALUES)]

_COLLECTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
}


def reason_of(error: ValueError) -> str:
    """Return what was wrong, in one line.

    Parameters
    ----------
    error : ValueError
        Of pydantic, or of windu's own.
    """
    if isinstance(error, ValidationError):
        found = error.errors(include_url=False, include_input=False)
        # Of the alternatives for one value, a length is the telling one.
        first = max(found, key=lambda one: "too_long" in one["type"])
        where = ".".join(map(str, first["loc"]))
        return f"{first['msg']} at {where!r}" if where else str(first["msg"])
    text = str(error)
    return text if len(text) <= 300 else f"{text[:297]}..."


def encode_value(value: Any) -> Any:
    """Return a value as `Value` holds it.

    Parameters
    ----------
    value : object
        From a schema; numpy's scalars become plain, arrays become lists.

    Returns
    -------
    object
        To be decoded by `decode_value`.

    Raises
    ------
    ValueError
        For other types, and for what would not come back equal.
    """
    if isinstance(value, (np.ndarray, pd.Index, pd.Series, range, list)):
        return [_encode_scalar(item) for item in value]
    kind = type(value).__name__
    if kind in _COLLECTIONS and type(value) is _COLLECTIONS[kind]:
        # Sets have no order; the same schema shall give the same text.
        items = value if kind == "tuple" else sorted(value, key=repr)
        return TaggedValues.model_construct(
            type=kind, value=[_encode_scalar(item) for item in items]
        )
    return _encode_scalar(value)


def _encode_scalar(value: Any) -> Any:
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    elif isinstance(value, np.timedelta64):
        value = pd.Timedelta(value)
    elif isinstance(value, np.generic):
        value = value.item()
    if value is None or type(value) in (bool, str):
        return value
    if type(value) is int and -(2**63) <= value < 2**64:
        return value
    if type(value) is float:
        finite = np.isfinite(value)
        return value if finite else TaggedText(type="float", value=repr(value))
    encode = _ENCODERS.get(type(value))
    if encode is None:
        raise ValueError(f"the value {value!r} of type {type(value).__name__}")
    coded = encode(value)
    if decode_value(coded) != value:
        raise ValueError(f"the value {value!r}, which does not come back equal")
    return coded


def decode_value(coded: Any) -> Any:
    """Return the value that `encode_value` was given.

    Parameters
    ----------
    coded : object
        A `Value`, validated.

    Returns
    -------
    object
        The value.

    Raises
    ------
    ValueError
        For a text that its tag does not allow.
    """
    if isinstance(coded, list):
        return [decode_value(item) for item in coded]
    if isinstance(coded, TaggedValues):
        return _COLLECTIONS[coded.type]([decode_value(item) for item in coded.value])
    if not isinstance(coded, TaggedText):
        return coded
    text = coded.value
    if coded.type == "float":
        if text not in ("nan", "inf", "-inf"):
            raise ValueError(f"the number {text!r}")
        return float(text)
    if coded.type == "date":
        return date.fromisoformat(text)
    if coded.type == "timedelta":
        return timedelta(microseconds=_whole(text))
    if coded.type == "duration":
        return pd.Timedelta(_whole(text), unit="ns").as_unit(coded.unit or "ns")
    if not _MOMENT.fullmatch(text):
        raise ValueError(f"the moment {text!r}")
    if coded.type == "timestamp":
        stamp = pd.Timestamp(text).as_unit(coded.unit or "ns")
        if coded.zone is None:
            return stamp
        return stamp.tz_localize("UTC").tz_convert(check_zone(coded.zone))
    moment = datetime.fromisoformat(text)
    if coded.zone is None:
        return moment
    return moment.replace(tzinfo=UTC).astimezone(zone_of(coded.zone))


def _encode_timestamp(value: pd.Timestamp) -> TaggedText:
    zone = None if value.tz is None else check_zone(str(value.tz))
    text = value if zone is None else value.tz_convert("UTC").tz_localize(None)
    return TaggedText(
        type="timestamp", value=text.isoformat(), zone=zone, unit=value.unit
    )


def _encode_datetime(value: datetime) -> TaggedText:
    zone = None if value.tzinfo is None else check_zone(str(value.tzinfo))
    if zone is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return TaggedText(type="datetime", value=value.isoformat(), zone=zone)


def _encode_duration(value: pd.Timedelta) -> TaggedText:
    text = str(value.as_unit("ns").value)
    return TaggedText(type="duration", value=text, unit=value.unit)


def _encode_timedelta(value: timedelta) -> TaggedText:
    return TaggedText(type="timedelta", value=str(value // timedelta(microseconds=1)))


_ENCODERS: dict[type, Callable[[Any], TaggedText]] = {
    pd.Timestamp: _encode_timestamp,
    datetime: _encode_datetime,
    date: lambda value: TaggedText(type="date", value=value.isoformat()),
    pd.Timedelta: _encode_duration,
    timedelta: _encode_timedelta,
}


def _whole(text: str) -> int:
    if not re.fullmatch(r"-?\d{1,20}", text):
        raise ValueError(f"the duration {text!r}")
    return int(text)
