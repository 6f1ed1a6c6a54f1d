"""dtypes of a user's schema as JSON and back, by a closed grammar."""

from __future__ import annotations

import re
from typing import Annotated, Any

import pandas as pd
from pandera.engines import pandas_engine
from pydantic import AfterValidator, Field

from windu.schema.columns import ColumnSchema
from windu.schema.pandera_schema import TolerantType
from windu.schema.user.values import (
    MAX_VALUES,
    Closed,
    Scalar,
    check_zone,
    encode_scalar,
)

__all__ = ["Dtype", "encode_dtype"]

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
