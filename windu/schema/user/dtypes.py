"""dtypes of a user's schema as JSON and back, by a closed grammar."""

from __future__ import annotations

import re
from typing import Annotated, Any

import pandas as pd
import pyarrow
from pandera.engines import pandas_engine
from pydantic import BaseModel, ConfigDict, Field

from windu.schema.columns import ColumnSchema
from windu.schema.pandera_schema import TolerantType
from windu.schema.user.values import (
    MAX_VALUES,
    Scalar,
    decode_value,
    encode_value,
)
from windu.schema.user.zones import check_zone

__all__ = ["Dtype", "decode_dtype", "encode_dtype"]

_NUMBER = r"u?int(8|16|32|64)|float(16|32|64)"
_PLAIN = re.compile(
    rf"{_NUMBER}|bool|object|str|U?Int(8|16|32|64)|Float(32|64)|boolean"
    r"|string(\[(python|pyarrow)\])?|arrow_string|category|date"
    r"|(datetime64|timedelta64)\[(s|ms|us|ns)\]"
)
_ZONED = re.compile(r"datetime64\[(s|ms|us|ns), ([^\]]{1,100})\]")
_ARROW = re.compile(
    rf"({_NUMBER}|halffloat|float|double|bool|string|large_string|date32\[day\]"
    r"|date64\[ms\])\[pyarrow\]"
)
_ARROW_MOMENT = re.compile(
    r"timestamp\[(s|ms|us|ns)(?:, tz=([^\]]{1,100}))?\]\[pyarrow\]"
)


class StoredCategories(BaseModel):
    """The dtype of a categorical column."""

    model_config = ConfigDict(extra="forbid", strict=True)

    categories: Annotated[list[Scalar], Field(max_length=MAX_VALUES)]
    ordered: bool = False


class StoredTolerant(BaseModel):
    """windu's own dtype, which stands for what was seen in training."""

    model_config = ConfigDict(extra="forbid")

    tolerant: ColumnSchema


Dtype = Annotated[str, Field(max_length=200)] | StoredCategories | StoredTolerant


def encode_dtype(dtype: Any) -> Any:
    """Return a dtype of pandera as `Dtype` holds it.

    Parameters
    ----------
    dtype : pandera.DataType
        From a column.

    Returns
    -------
    str, StoredCategories or StoredTolerant
        To be decoded by `decode_dtype`.

    Raises
    ------
    ValueError
        For a dtype that would not come back equal.
    """
    coded: Any = str(dtype)
    if type(dtype) is TolerantType:
        coded = StoredTolerant(tolerant=dtype.column)
    elif type(dtype) is pandas_engine.Category and dtype.categories is not None:
        values = encode_value(list(dtype.categories))
        coded = StoredCategories(categories=values, ordered=bool(dtype.ordered))
    elif dtype == pandas_engine.Engine.dtype(str):
        # What a text is called differs between versions of pandas.
        coded = "str"
    elif getattr(dtype, "to_datetime_kwargs", None):
        raise ValueError(f"the dtype {dtype!r} with options of to_datetime")
    try:
        again = decode_dtype(coded)
        same = type(again) is type(dtype) and again == dtype
    except (TypeError, ValueError):
        same = False
    if not same or getattr(dtype, "tz_localize_kwargs", None):
        raise ValueError(f"the dtype {dtype!r}, which has no plain name")
    return coded


def decode_dtype(coded: Any) -> Any:
    """Return the dtype that `encode_dtype` was given.

    Parameters
    ----------
    coded : str, StoredCategories or StoredTolerant
        A `Dtype`, validated.

    Returns
    -------
    pandera.DataType
        The dtype.

    Raises
    ------
    ValueError
        For a name outside the grammar.
    """
    if isinstance(coded, StoredTolerant):
        return TolerantType(coded.tolerant)
    if isinstance(coded, StoredCategories):
        categories = decode_value(coded.categories)
        return pandas_engine.Category(categories, coded.ordered)
    native: Any = None
    if _PLAIN.fullmatch(coded):
        native = coded
    elif zoned := _ZONED.fullmatch(coded):
        unit: Any = zoned[1]
        native = pd.DatetimeTZDtype(unit, check_zone(zoned[2]))
    elif moment := _ARROW_MOMENT.fullmatch(coded):
        zone = None if moment[2] is None else check_zone(moment[2])
        native = pd.ArrowDtype(pyarrow.timestamp(moment[1], zone))
    elif _ARROW.fullmatch(coded):
        name = coded.removesuffix("[pyarrow]")
        native = pd.ArrowDtype(pyarrow.type_for_alias(name))
    if native is None:
        raise ValueError(f"the dtype {coded!r}, which is none that windu stores")
    try:
        return pandas_engine.Engine.dtype(native)
    except TypeError as error:
        raise ValueError(f"the dtype {coded!r}, which pandera has not") from error
