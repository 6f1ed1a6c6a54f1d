"""The closed form of a user's schema in JSON: every key, and how long it may be."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from windu.schema.user.checks import StoredCheck
from windu.schema.user.dtypes import Dtype
from windu.schema.user.values import Scalar, Text

__all__ = ["Stored", "StoredColumn", "StoredIndex"]

_Label = Text | Annotated[int, Field(ge=-(2**63), lt=2**63)]
_Metadata = dict[Text, JsonValue] | None
_Duplicates = Literal["all", "exclude_first", "exclude_last"]
_Checks = Annotated[list[StoredCheck], Field(max_length=100)]


class StoredIndex(BaseModel):
    """What columns and an index have in common."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: _Label | None = None
    dtype: Dtype | None = None
    checks: _Checks = []
    nullable: bool = False
    unique: bool = False
    report_duplicates: _Duplicates = "all"
    coerce: bool = False
    title: Text | None = None
    description: Text | None = None
    default: Scalar = None
    metadata: _Metadata = None


class StoredColumn(StoredIndex):
    """One column, or all whose names match a pattern."""

    name: _Label
    required: bool = True
    regex: bool = False
    on_missing: Literal["warn"] | None = None


class Stored(BaseModel):
    """The form of a schema in JSON."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal[1]
    columns: Annotated[list[StoredColumn], Field(max_length=100_000)]
    index: StoredIndex | None = None
    checks: _Checks = []
    dtype: Dtype | None = None
    coerce: bool = False
    strict: bool | Literal["filter"] = False
    name: Text | None = None
    ordered: bool = False
    unique: list[_Label | list[_Label]] | None = None
    report_duplicates: _Duplicates = "all"
    unique_column_names: bool = False
    add_missing_columns: bool = False
    on_missing_columns: Literal["warn"] | None = None
    title: Text | None = None
    description: Text | None = None
    metadata: _Metadata = None
