"""Values in a user's schema as JSON and back: numbers, texts, dates, lists of them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import numpy as np
import pandas as pd
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

__all__ = [
    "MAX_VALUES",
    "Closed",
    "Scalar",
    "Text",
    "Values",
    "check_zone",
    "encode_scalar",
    "encode_values",
]

#: No text of a schema is longer, and no list has more values.
MAX_TEXT = 10_000
MAX_VALUES = 100_000


def check_zone(zone: str) -> str:
    """Return the name of a time zone, if it is one that reads no file of its choice.

    Parameters
    ----------
    zone : str
        Such as ``"Europe/Berlin"``, ``"UTC"``, ``"UTC+01:00"``.

    Returns
    -------
    str
        The same.

    Raises
    ------
    ValueError
        For anything else.
    """
    fixed = re.fullmatch(r"UTC([+-]\d\d:\d\d)?", zone)
    if not fixed and zone not in available_timezones():
        raise ValueError(f"the time zone {zone!r}, which nobody knows")
    return zone


class Closed(BaseModel):
    """A part of the JSON: no other keys, no other types."""

    model_config = ConfigDict(extra="forbid", strict=True)


class _Tagged(Closed):
    """A value that JSON has no form for."""

    def value(self) -> Any:
        raise NotImplementedError


Text = Annotated[str, Field(max_length=MAX_TEXT)]
_Unit = Literal["s", "ms", "us", "ns"]


class _Moment(_Tagged):
    timestamp: Annotated[
        str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?$")
    ]
    unit: _Unit
    zone: Annotated[str, AfterValidator(check_zone)] | None

    def value(self) -> Any:
        stamp = pd.Timestamp(self.timestamp).as_unit(self.unit)
        if self.zone is None:
            return stamp
        return stamp.tz_localize("UTC").tz_convert(self.zone)


class _Duration(_Tagged):
    nanoseconds: Annotated[int, Field(gt=-(2**63), lt=2**63)]
    unit: _Unit

    def value(self) -> Any:
        return pd.Timedelta(self.nanoseconds, unit="ns").as_unit(self.unit)


class _Day(_Tagged):
    date: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]

    def value(self) -> Any:
        return date.fromisoformat(self.date)


class _Number(_Tagged):
    number: Literal["nan", "inf", "-inf"]

    def value(self) -> Any:
        return float(self.number)


def _value(coded: Any) -> Any:
    return coded.value() if isinstance(coded, _Tagged) else coded


_WholeNumber = Annotated[int, Field(ge=-(2**63), lt=2**64)]
_Real = Annotated[float, Field(allow_inf_nan=False)]
_Coded = (
    bool | _WholeNumber | _Real | Text | _Moment | _Duration | _Day | _Number | None
)
#: A value; it is validated and decoded in one.
Scalar = Annotated[_Coded, AfterValidator(_value)]
_List = Annotated[list[Scalar], Field(max_length=MAX_VALUES)]


class _Collection(_Tagged):
    type: Literal["tuple", "set", "frozenset"]
    values: _List

    def value(self) -> Any:
        return {"tuple": tuple, "set": set, "frozenset": frozenset}[self.type](
            self.values
        )


#: Several values. A text stands for its characters.
Values = Annotated[_List | _Collection | Text, AfterValidator(_value)]


def encode_scalar(value: Any) -> Any:
    """Return one value as JSON holds it, for `Scalar`.

    Parameters
    ----------
    value : object
        From a schema; numpy's scalars become plain, `datetime` and `timedelta` those
        of pandas, which are equal.

    Returns
    -------
    object
        Plain data.

    Raises
    ------
    ValueError
        For any other type.
    """
    if isinstance(value, (np.datetime64, datetime)) and not pd.isna(value):
        stamp = pd.Timestamp(value)
        zone = None if stamp.tz is None else check_zone(str(stamp.tz))
        text = stamp.tz_convert(None).isoformat() if zone else stamp.isoformat()
        return {"timestamp": text, "unit": stamp.unit, "zone": zone}
    if isinstance(value, (np.timedelta64, timedelta)) and not pd.isna(value):
        span = pd.Timedelta(value)
        return {"nanoseconds": span.as_unit("ns").value, "unit": span.unit}
    if type(value) is date:
        return {"date": value.isoformat()}
    plain = value.item() if isinstance(value, np.generic) else value
    if type(plain) is float and not np.isfinite(plain):
        return {"number": repr(plain)}
    if plain is not None and type(plain) not in (bool, int, float, str):
        raise ValueError(f"the value {value!r} of type {type(value).__name__}")
    return plain


def encode_values(values: Any) -> Any:
    """Return several values as JSON holds them, for `Values`.

    Parameters
    ----------
    values : iterable or str
        From a schema; a set is written in order, so that its JSON is always the same.

    Raises
    ------
    ValueError
        As `encode_scalar`.
    """
    kind = type(values)
    if kind is str:
        return values
    if kind not in (tuple, set, frozenset):
        return [encode_scalar(value) for value in values]
    items = values if kind is tuple else sorted(values, key=repr)
    return {"type": kind.__name__, "values": [encode_scalar(item) for item in items]}
