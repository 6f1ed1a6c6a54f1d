"""windu's schema as a pandera schema, and a user's pandera schema as windu's."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.engines import pandas_engine

from windu.schema.columns import ColumnSchema, TableSchema
from windu.schema.kinds import is_castable
from windu.schema.recast import recast

__all__ = ["TolerantType", "shallow_copy", "to_pandera"]


class TolerantType(pandas_engine.DataType):
    """A dtype for pandera that accepts every dtype with the same values.

    Parameters
    ----------
    column : ColumnSchema
        What was seen in training.
    """

    column: ColumnSchema

    def __init__(self, column: ColumnSchema):
        # pandera's own constructor warns of every dtype that it does not know.
        object.__setattr__(self, "column", column)
        object.__setattr__(self, "type", _native(column.dtype))

    def check(self, pandera_dtype: Any, data_container: Any = None) -> Any:
        """Return, a value, whether it means what it meant in training."""
        if data_container is None:
            return str(pandera_dtype) == self.column.dtype
        return pd.Series(~recast(data_container, self.column)[1], data_container.index)

    def coerce(self, data_container: Any) -> Any:
        """Return the values in the dtype of training."""
        return recast(data_container, self.column)[0]

    def __str__(self) -> str:
        return self.column.dtype

    def __repr__(self) -> str:
        return f"TolerantType({self.column.dtype})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TolerantType) and other.column == self.column

    def __hash__(self) -> int:
        return hash(str(self))


def _native(dtype: str) -> Any:
    # The name may come from a file; for zones of dateutil pandas opens another one.
    is_known = is_castable(dtype) and "dateutil" not in dtype
    try:
        return pd.api.types.pandas_dtype(dtype if is_known else object)
    except (LookupError, TypeError, ValueError):
        return pd.api.types.pandas_dtype(object)


def to_pandera(schema: TableSchema) -> pa.DataFrameSchema:
    """Return the schema as pandera sees it.

    Parameters
    ----------
    schema : TableSchema
        What windu knows of the table.

    Returns
    -------
    pandera.pandas.DataFrameSchema
        Columns are required, in any order; what is not listed is dropped.
    """
    ignored = schema.action("extra") != "raise"
    return pa.DataFrameSchema(
        {
            column.name: pa.Column(
                TolerantType(column),
                nullable=schema.action("null", column) != "raise" or column.nullable,
                required=schema.action("missing", column) == "raise",
                metadata={"windu": column.model_dump(exclude={"name"})},
            )
            for column in schema.columns
        },
        strict="filter" if ignored else True,
        ordered=schema.action("order") == "raise",
        metadata={
            "windu": {"order": list(schema.names), "tolerance": dict(schema.tolerance)}
        },
    )


def shallow_copy(part: Any) -> Any:
    """Return a schema or column that can be changed without changing the other.

    Parameters
    ----------
    part : pandera.pandas.DataFrameSchema or Column
        `copy.copy` gives one with the same attributes for ever, in older panderas.
    """
    copied = object.__new__(type(part))
    vars(copied).update(vars(part))
    return copied
