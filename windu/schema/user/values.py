"""Values, dtypes and patterns of a user's schema as JSON and back."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import numpy as np
import pandas as pd
from pandera.engines import pandas_engine
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from windu.schema.columns import ColumnSchema
from windu.schema.pandera_schema import TolerantType

__all__ = [
    "MAX_VALUES",
    "Closed",
    "Dtype",
    "Scalar",
    "Text",
    "Values",
    "check_pattern",
    "check_zone",
    "encode_dtype",
    "encode_scalar",
    "encode_values",
]

#: No stored pattern is longer.
MAX_PATTERN = 1_000
#: So many repeats of any length may compete for the same characters: the time grows
#: with the third power of a text's length.
_MAX_REPEATS = 3
#: In so many ways the other choices may be made.
_MAX_WAYS = 100_000
#: A repeat that may come more often counts as one of any length.
_MANY = 20

_TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{\d*,?\d*\}|\(\?[imsu]+\)"
    r"|\(\?(?::|<?[=!]|P<\w+>)|.",
    re.DOTALL,
)
#: Back to a group, conditions, comments and verbose patterns.
_NOT_COUNTED = re.compile(r"\(\?(P=|\(|#|[a-zA-Z-]*x)")
_BOUNDS = re.compile(r"\{(\d+)(,?)(\d*)\}")


def check_pattern(pattern: str) -> str:
    r"""Return a pattern, if matching it takes a reasonable time on every text.

    Parameters
    ----------
    pattern : str
        A regular expression.

    Returns
    -------
    str
        The same.

    Raises
    ------
    ValueError
        For one that is none, is too long, refers back to a group, repeats a group at
        will, or has too many repeats or choices.

    Examples
    --------
    >>> from windu.schema.user.values import check_pattern
    >>> check_pattern(r"[A-Z]{2}-[0-9]+(\.[0-9]+)?")
    '[A-Z]{2}-[0-9]+(\\.[0-9]+)?'
    >>> check_pattern("(a+)+b")
    Traceback (most recent call last):
    ...
    ValueError: the pattern '(a+)+b', which repeats a group at will...
    """
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"a pattern of {len(pattern)} characters")
    try:
        re.compile(pattern)
        if found := _NOT_COUNTED.search(pattern):
            raise re.error(f"with {found[0]!r}, which is not counted")
        ways, repeats = _count(pattern)
        if ways > _MAX_WAYS or repeats > _MAX_REPEATS:
            raise re.error("in which too many repeats or choices compete")
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"the pattern {pattern!r}, {error}") from error
    return pattern


class _Level:
    """What was counted inside one pair of brackets."""

    def __init__(self) -> None:
        self.ways, self.repeats, self.alternatives = 1, 0, 1
        # The last part, which the next token may repeat: ways, repeats, is a group.
        self.last: tuple[int, int, bool] | None = None

    def take(self, low: int = 1, high: int = 1) -> None:
        """Count the last part, which comes so many times."""
        if self.last is None:
            # The mark of a lazy repeat.
            return
        ways, repeats, is_group = self.last
        if high > _MANY:
            if is_group:
                raise re.error("which repeats a group at will; give it a bound")
            self.repeats += 1
        else:
            self.ways *= ways**high * (high - low + 1)
            self.repeats += repeats * high
        if self.ways > _MAX_WAYS:
            raise re.error("in which too many choices compete")
        self.last = None


def _count(pattern: str) -> tuple[int, int]:
    """Return in how many ways a pattern may match, and its repeats at will."""
    levels = [_Level()]
    for token in _TOKEN.findall(pattern):
        level = levels[-1]
        bounds = _BOUNDS.fullmatch(token)
        if token in ("*", "+"):
            level.take(0, _MANY + 1)
        elif token == "?":
            level.take(0, 1)
        elif bounds:
            low, comma, high = bounds.groups()
            most = int(high) if high else (_MANY + 1 if comma else int(low))
            level.take(int(low), most)
        elif token.startswith("(?") and token.endswith(")"):
            continue
        elif token[0] == "(":
            level.take()
            levels.append(_Level())
        elif token == ")":
            level.take()
            levels.pop()
            ways = level.ways * level.alternatives
            levels[-1].take()
            levels[-1].last = (ways, level.repeats, True)
        else:
            level.take()
            if token == "|":
                level.alternatives += 1
            elif re.fullmatch(r"\\[1-9]", token):
                raise re.error("which refers back to a group")
            else:
                level.last = (1, 0, False)
    levels[0].take()
    return levels[0].ways * levels[0].alternatives, levels[0].repeats


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


_NUMBER = r"u?int(8|16|32|64)|float(16|32|64)"
_NAMES = re.compile(
    rf"{_NUMBER}|bool|object|str|U?Int(8|16|32|64)|Float(32|64)|boolean"
    r"|string(\[(python|pyarrow)\])?|category|date|(datetime|timedelta)64\[(s|[mun]s)\]"
    rf"|({_NUMBER}|halffloat|float|double|bool|(large_)?string|date32\[day\]"
    r"|date64\[ms\]|timestamp\[(s|[mun]s)\])\[pyarrow\]"
)
_ZONED = re.compile(
    r"datetime64\[(s|[mun]s), ([^\]]+)\]"
    r"|timestamp\[(s|[mun]s), tz=([^\]]+)\]\[pyarrow\]"
)


class _Categories(Closed):
    categories: Annotated[list[Scalar], Field(max_length=MAX_VALUES)]
    ordered: bool


class _Tolerant(Closed):
    """windu's own dtype, which stands for what was seen in training."""

    tolerant: Annotated[ColumnSchema, Field(strict=False)]


def _decode(coded: Any) -> Any:
    if isinstance(coded, _Tolerant):
        return TolerantType(coded.tolerant)
    if isinstance(coded, _Categories):
        return pandas_engine.Category(coded.categories, coded.ordered)
    if zoned := _ZONED.fullmatch(coded):
        check_zone(zoned[2] or zoned[4])
    elif not _NAMES.fullmatch(coded):
        raise ValueError(f"the dtype {coded!r}, which is none that windu stores")
    try:
        # pandera does not know these by name.
        moment = coded.startswith("timestamp")
        dtype: Any = pd.api.types.pandas_dtype(coded) if moment else coded
        return pandas_engine.Engine.dtype(dtype)
    except TypeError as error:
        raise ValueError(f"the dtype {coded!r}, which pandera has not") from error


#: A dtype of pandera, validated and decoded in one.
Dtype = Annotated[
    Annotated[str, Field(max_length=200)] | _Categories | _Tolerant,
    AfterValidator(_decode),
]


def encode_dtype(dtype: Any) -> Any:
    """Return a dtype of pandera as JSON holds it, for `Dtype`.

    Parameters
    ----------
    dtype : pandera.DataType
        From a column.

    Returns
    -------
    str or dict
        Plain data.

    Raises
    ------
    ValueError
        For a dtype that would not come back equal.
    """
    if type(dtype) is TolerantType:
        return {"tolerant": dtype.column.model_dump()}
    if type(dtype) is pandas_engine.Category and dtype.categories is not None:
        categories = [encode_scalar(value) for value in dtype.categories]
        return {"categories": categories, "ordered": bool(dtype.ordered)}
    # What a text is called differs between versions of pandas.
    text = dtype == pandas_engine.Engine.dtype(str)
    name = "str" if text else str(dtype)
    options = ("to_datetime_kwargs", "tz_localize_kwargs")
    try:
        decoded = _decode(name)
        same = type(decoded) is type(dtype) and decoded == dtype
    except (TypeError, ValueError):
        same = False
    if not same or any(getattr(dtype, option, None) for option in options):
        raise ValueError(f"the dtype {dtype!r}, which has no plain name")
    return name
