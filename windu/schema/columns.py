"""`ColumnSchema` and `TableSchema`: what windu knows of a table, as plain data."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, TypeAdapter

__all__ = ["ColumnSchema", "Kind", "TableSchema"]

Kind = Literal[
    "numeric",
    "boolean",
    "categorical",
    "high-cardinality",
    "text",
    "datetime",
    "identifier",
    "constant",
    "unsupported",
]


class ColumnSchema(BaseModel):
    """One column: its name, kind, dtype and what was seen of its values.

    Attributes
    ----------
    name : str or int
        As in the table.
    kind : str
        What the column holds.
    dtype : str
        The pandas dtype it came in.
    storage : str
        How values are stored: boolean, numeric, datetime, timedelta, text, empty or
        other.
    nullable : bool
        Whether values were missing.
    why : str
        The rule that decided the kind.
    levels : list or None
        The levels of a categorical or boolean column, most frequent first.
    minimum, maximum : float, str or None
        Range of numbers; of dates in ISO form.
    date_format : str or None
        Format of dates that are texts.
    has_time : bool
        Whether dates have a time of day.
    words : float or None
        Words a text, in the mean, where there are more texts than levels.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str | int
    kind: Kind
    dtype: str
    storage: str
    nullable: bool
    why: str
    levels: list[bool | int | float | str] | None = None
    minimum: float | str | None = None
    maximum: float | str | None = None
    date_format: str | None = None
    has_time: bool = False
    words: float | None = None


_COLUMNS = TypeAdapter(list[ColumnSchema])


class TableSchema:
    """The columns of a table in order; its state is one JSON text.

    Parameters
    ----------
    columns : list of ColumnSchema
        In the order of the table.
    """

    def __init__(self, columns: list[ColumnSchema]):
        self.columns = columns
        self.names = [column.name for column in columns]
        self.by_name = dict(zip(self.names, columns, strict=True))
        self.dtypes = [column.dtype for column in columns]

    def to_json(self) -> str:
        """Return the schema as JSON text."""
        return _COLUMNS.dump_json(self.columns).decode()

    @classmethod
    def from_json(cls, text: str) -> TableSchema:
        """Return the schema that a JSON text describes; unknown keys are refused."""
        return cls(_COLUMNS.validate_json(text))

    def of_kind(self, *kinds: str) -> list[Any]:
        """Return the names of the columns of these kinds, in order."""
        return [column.name for column in self.columns if column.kind in kinds]

    def describe(self) -> pd.DataFrame:
        """Return one row a column: kind, dtype, nullable, range, why."""
        return pd.DataFrame(
            [
                {
                    "column": column.name,
                    "kind": column.kind,
                    "dtype": column.dtype,
                    "nullable": column.nullable,
                    "why": column.why,
                }
                for column in self.columns
            ]
        )

    # Fitted state is plain: pickle, joblib and skops all see one text.
    def __getstate__(self) -> dict[str, str]:
        return {"json": self.to_json()}

    def __setstate__(self, state: dict[str, str]) -> None:
        self.__init__(_COLUMNS.validate_json(state["json"]))  # type: ignore[misc]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TableSchema) and self.columns == other.columns

    def __hash__(self) -> int:
        return hash(self.to_json())
