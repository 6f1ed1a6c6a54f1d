"""The quick check of a user's schema: what surely passes pandera is not shown to it.

Whatever fails here, or is not known here, pandera decides and explains.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
from pandera.engines import numpy_engine, pandas_engine
from pandera.errors import SchemaError

from windu.schema.pandera_schema import TolerantType
from windu.schema.recast import is_settled, recast
from windu.schema.user.column_checks import ColumnCheck, NotKnown

__all__ = ["ColumnTest", "UserTests", "coerces"]


#: dtypes of pandera that look at values, or change while they check.
_NOT_KNOWN = ("Date", "Decimal", "NamedTuple", "PydanticModel", "TypedDict")
_ENGINES = (numpy_engine.__name__, pandas_engine.__name__)


class UserTests:
    """What a user's schema asks of a conformed table, ready to be evaluated.

    Parameters
    ----------
    schema : pandera.pandas.DataFrameSchema
        Given by a user.
    names : list of str or int
        The columns of the table, in order.

    Raises
    ------
    NotKnown
        If only pandera can decide.
    """

    def __init__(self, schema: Any, names: list[Any]):
        frame_wide = (schema.checks, schema.parsers, schema.index, schema.dtype)
        if any(part is not None and part != [] for part in frame_wide):
            raise NotKnown
        if schema.drop_invalid_rows:
            raise NotKnown
        applied = _applied_columns(schema, names)
        listed = [name for name, _ in applied]
        if schema.strict and set(listed) != set(names):
            raise NotKnown
        known = set(listed)
        if schema.ordered and [*dict.fromkeys(listed)] != [
            name for name in names if name in known
        ]:
            raise NotKnown
        positions = {name: position for position, name in enumerate(names)}
        self.columns = [
            ColumnTest(positions[name], name, column, coerces(column, schema))
            for name, column in applied
        ]
        unique = schema.unique or []
        together = [unique] if all(isinstance(n, str) for n in unique) else unique
        self.unique = [list(subset) for subset in together if subset]

    def passes(self, frame: pd.DataFrame, absent: Collection[Any] = ()) -> bool:
        """Tell whether pandera surely takes a table and gives it back unchanged.

        Parameters
        ----------
        frame : pandas.DataFrame of shape (n_samples, n_columns)
            With the columns that the tests were made for, and at least one row.
        absent : collection of str or int, default=()
            Columns that only stand for missing ones.

        Returns
        -------
        bool
            False also where this is not known.
        """
        try:
            # One walk is quicker than a look-up a column.
            columns = [values for _, values in frame.items()]
            return all(
                test.passes(columns[test.position])
                for test in self.columns
                if test.name not in absent
            ) and (len(frame) < 2 or self._is_unique(frame, absent))
        except Exception:
            # Checks may fail on values that they are not made for; pandera tells it.
            return False

    def _is_unique(self, frame: pd.DataFrame, absent: Collection[Any]) -> bool:
        if self.unique and absent:
            return False
        subsets = [[n for n in names if n in frame] for names in self.unique]
        return not any(frame.duplicated(subset).any() for subset in subsets if subset)


def _applied_columns(schema: Any, names: list[Any]) -> list[tuple[Any, Any]]:
    """Return the columns of a table with what a schema says of each.

    A pattern is applied to every name that it matches.
    """
    applied = []
    here = set(names)
    for key, column in schema.columns.items():
        found = [key] if key in here else []
        if column.regex:
            try:
                empty = pd.DataFrame(columns=pd.Index(names))
                found = list(column.get_regex_columns(empty))
            except (SchemaError, IndexError):
                found = []
        if column.required and not found:
            raise NotKnown
        applied += [(name, column) for name in found]
    return applied


def coerces(column: Any, schema: Any) -> bool:
    """Tell whether a schema converts the values of a column."""
    return bool(column.dtype is not None and (column.coerce or schema.coerce))


class ColumnTest:
    """What a schema asks of one column.

    Parameters
    ----------
    position : int
        Of the column in the table.
    name : str or int
        Its name.
    column : pandera.pandas.Column
        What is asked.
    coerced : bool
        Whether its values are converted.
    """

    def __init__(self, position: int, name: Any, column: Any, coerced: bool):
        if column.parsers or column.drop_invalid_rows or not _is_known(column.dtype):
            raise NotKnown
        self.position = position
        self.name = name
        self.dtype = column.dtype
        self.coerced = coerced
        self.filled = column.default is not None and bool(pd.notna(column.default))
        self.nullable = column.nullable
        self.unique = column.unique
        self.checks = [ColumnCheck(check) for check in column.checks]
        self._accepted: Any = None

    def passes(self, values: pd.Series) -> bool:
        """Tell whether pandera surely takes the values and leaves them as they are."""
        if not self.is_unchanged(values) or not self._takes_dtype(values):
            return False
        if self.unique and len(values) > 1 and not values.is_unique:
            return False
        if not self.checks:
            return self.nullable or not values.hasnans
        plain = _is_number(values.dtype)
        data: Any = values.to_numpy() if plain else values
        if plain:
            missing = np.isnan(data) if data.dtype.kind == "f" else None
            gaps = missing is not None and bool(missing.any())
            present = data[~missing] if missing is not None and gaps else data
        else:
            gaps = values.hasnans
            present = values.dropna() if gaps else values
        if gaps and not self.nullable:
            return False
        return all(
            check.passes(present if check.ignore_na else data, values, gaps)
            for check in self.checks
        )

    def is_unchanged(self, values: pd.Series) -> bool:
        """Tell whether pandera surely leaves the values as they are."""
        if self.coerced and not _is_fixed(values.dtype, self.dtype):
            return False
        if not self.filled:
            return True
        # Filled texts may get another dtype.
        return _is_native(values.dtype) and not values.hasnans

    def settles(self, sample: pd.Series) -> bool:
        """Tell whether every text or number of the sample's dtype has a taken one."""
        texts = sample.dtype == object and isinstance(self.dtype, _TEXTS)
        taken = self._takes_dtype(sample)
        return taken and (texts or self.dtype is None or sample.dtype == self._accepted)

    def _takes_dtype(self, values: pd.Series) -> bool:
        got, dtype = values.dtype, self.dtype
        known = self._accepted
        if dtype is None or got is known or (type(got) is type(known) and got == known):
            return True
        if isinstance(dtype, TolerantType):
            settled = got != "category" and is_settled(values, dtype.column)
            taken = settled or not recast(values, dtype.column)[1].any()
        elif got == object and isinstance(dtype, _TEXTS):
            settled, kind = False, pd.api.types.infer_dtype(values, skipna=True)
            taken = kind in ("string", "empty")
        else:
            settled = got != object
            told = dtype.check(pandas_engine.Engine.dtype(got), values)
            taken = bool(np.all(told))
        if taken and settled:
            self._accepted = got
        return taken


_TEXTS = (pandas_engine.STRING, pandas_engine.NpString)


def _is_known(dtype: Any) -> bool:
    if dtype is None or type(dtype) is TolerantType:
        return True
    kind = type(dtype)
    return (
        kind.__module__ in _ENGINES
        and kind.__name__ not in _NOT_KNOWN
        and not kind.__name__.startswith("Python")
        and not getattr(dtype, "time_zone_agnostic", False)
    )


def _is_number(dtype: Any) -> bool:
    return isinstance(dtype, np.dtype) and dtype.kind in "iuf"


def _is_native(dtype: Any) -> bool:
    """Tell whether a column of a dtype stays the same when it is cast to it."""
    plain = isinstance(dtype, np.dtype) and dtype.kind in "iufbmM"
    return plain or isinstance(dtype, pd.DatetimeTZDtype) or _is_masked(dtype)


def _is_masked(dtype: Any) -> bool:
    return bool(re.fullmatch(r"boolean|(U?Int|Float)\d+", str(dtype)))


def _is_fixed(got: Any, dtype: Any) -> bool:
    options = getattr(dtype, "to_datetime_kwargs", None)
    return _is_native(got) and not options and got == getattr(dtype, "type", None)
