"""The quick check of a user's schema: what surely passes pandera is not shown to it.

Whatever fails here, or is not known here, pandera decides and explains.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
from pandera.backends.pandas import builtin_checks
from pandera.engines import numpy_engine, pandas_engine
from pandera.errors import SchemaError

from windu.schema.pandera_schema import TolerantType
from windu.schema.recast import is_settled, recast
from windu.schema.user.checks import check_name

__all__ = ["NotKnown", "UserTests", "coerces"]

#: dtypes of pandera that look at values, or change while they check.
_NOT_KNOWN = ("Date", "Decimal", "NamedTuple", "PydanticModel", "TypedDict")
_ENGINES = (numpy_engine.__name__, pandas_engine.__name__)
#: Up to so many texts, a call of pandas costs more than all of them.
_FEW_ROWS = 100
_TEXTS = (pandas_engine.STRING, pandas_engine.NpString)


class NotKnown(Exception):
    """Something of a schema that only pandera knows."""


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
        if schema.drop_invalid_rows or any(p not in (None, []) for p in frame_wide):
            raise NotKnown
        applied = _applied_columns(schema, names)
        column_names = dict.fromkeys(name for name, _ in applied)
        if schema.strict and set(column_names) != set(names):
            raise NotKnown
        if schema.ordered and [*column_names] != [
            name for name in names if name in column_names
        ]:
            raise NotKnown
        positions = {name: position for position, name in enumerate(names)}
        self._tests = [
            (name, positions[name], _ColumnTest(column, coerces(column, schema)))
            for name, column in applied
        ]
        unique = schema.unique or []
        together = [unique] if all(isinstance(n, str) for n in unique) else unique
        self._unique = [list(subset) for subset in together if subset]

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
                test.passes(columns[position])
                for name, position, test in self._tests
                if name not in absent
            ) and (len(frame) < 2 or self._is_unique(frame, absent))
        except Exception:
            # Checks may fail on values that they are not made for; pandera tells it.
            return False

    def are_unchanged(self, frame: pd.DataFrame) -> bool:
        """Tell whether coercion and defaults surely leave a raw table as it is.

        Parameters
        ----------
        frame : pandas.DataFrame of shape (n_samples, n_columns)
            A new table, with columns in any order.
        """
        return all(
            test.is_unchanged(frame[name])
            for name, _, test in self._tests
            if name in frame.columns
        )

    def _is_unique(self, frame: pd.DataFrame, absent: Collection[Any]) -> bool:
        if self._unique and absent:
            return False
        subsets = [[n for n in names if n in frame] for names in self._unique]
        return not any(frame.duplicated(subset).any() for subset in subsets if subset)


def _applied_columns(schema: Any, names: list[Any]) -> list[tuple[Any, Any]]:
    """Return the columns of a table with what a schema says of each.

    A pattern is applied to every name that it matches.
    """
    applied = []
    present = set(names)
    for key, column in schema.columns.items():
        matching = [key] if key in present else []
        if column.regex:
            try:
                empty = pd.DataFrame(columns=pd.Index(names))
                matching = list(column.get_regex_columns(empty))
            except (SchemaError, IndexError):
                matching = []
        if column.required and not matching:
            raise NotKnown
        applied += [(name, column) for name in matching]
    return applied


def coerces(column: Any, schema: Any) -> bool:
    """Tell whether a schema converts the values of a column."""
    return bool(column.dtype is not None and (column.coerce or schema.coerce))


class _ColumnTest:
    """What a schema asks of one column, and whether its values are converted."""

    def __init__(self, column: Any, coerced: bool):
        if column.parsers or column.drop_invalid_rows or not _is_known(column.dtype):
            raise NotKnown
        self.dtype = column.dtype
        self.coerced = coerced
        self.filled = column.default is not None and bool(pd.notna(column.default))
        self.nullable = column.nullable
        self.unique = column.unique
        self.checks = [_ColumnCheck(check) for check in column.checks]
        self._accepted: Any = None

    def passes(self, values: pd.Series) -> bool:
        """Tell whether pandera surely takes the values and leaves them as they are."""
        if not self.is_unchanged(values) or not self._takes_dtype(values):
            return False
        if self.unique and len(values) > 1 and not values.is_unique:
            return False
        if self.nullable and not self.checks:
            return True
        data: Any = values
        if isinstance(values.dtype, np.dtype) and values.dtype.kind in "iuf":
            data = values.to_numpy()
            missing = np.isnan(data) if data.dtype.kind == "f" else np.False_
        else:
            missing = values.isna() if values.hasnans else np.False_
        gaps = bool(missing.any())
        if gaps and not self.nullable:
            return False
        present = data[~missing] if gaps else data
        return all(c.passes(present if c.ignore_na else data) for c in self.checks)

    def is_unchanged(self, values: pd.Series) -> bool:
        """Tell whether pandera surely leaves the values as they are."""
        dtype_given = values.dtype
        if self.coerced and not (
            _is_native(dtype_given)
            and not getattr(self.dtype, "to_datetime_kwargs", None)
            and dtype_given == getattr(self.dtype, "type", None)
        ):
            return False
        # Filled texts may get another dtype.
        return not self.filled or (_is_native(dtype_given) and not values.hasnans)

    def _takes_dtype(self, values: pd.Series) -> bool:
        dtype_given, dtype = values.dtype, self.dtype
        accepted = self._accepted
        if (
            dtype is None
            or dtype_given is accepted
            or (type(dtype_given) is type(accepted) and dtype_given == accepted)
        ):
            return True
        settled = dtype_given != object
        if isinstance(dtype, TolerantType):
            settled = dtype_given != "category" and is_settled(values, dtype.column)
            is_accepted = settled or not recast(values, dtype.column)[1].any()
        elif dtype_given == object and isinstance(dtype, _TEXTS):
            kind = pd.api.types.infer_dtype(values, skipna=True)
            is_accepted = kind in ("string", "empty")
        else:
            verdict = dtype.check(pandas_engine.Engine.dtype(dtype_given), values)
            is_accepted = bool(np.all(verdict))
        if is_accepted and settled:
            self._accepted = dtype_given
        return is_accepted


class _ColumnCheck:
    """One built-in check: pandera's own function, without what stands around it."""

    def __init__(self, check: Any):
        name = check_name(check)
        if name is None or check.element_wise or check.groupby is not None:
            raise NotKnown
        self.ignore_na = check.ignore_na
        self._arguments = dict(check._check_kwargs)
        self._function = getattr(builtin_checks, name)
        # Comparisons with plain numbers numpy does as pandas does, and quicker.
        values = self._arguments.values()
        self._of_arrays = all(type(value) in (bool, int, float) for value in values)
        self._levels = self._arguments["allowed_values"] if name == "isin" else None

    def passes(self, data: Any) -> bool:
        """Tell whether all values pass, numbers as an array."""
        if self._levels is not None and len(data) <= _FEW_ROWS:
            cells = data.tolist()
            if all(type(cell) is str for cell in cells):
                return bool(self._levels.issuperset(cells))
        if isinstance(data, np.ndarray) and not self._of_arrays:
            data = pd.Series(data)
        result = self._function(data, **self._arguments)
        # Methods of pandas leave missing verdicts out.
        return bool(result if isinstance(result, (bool, np.bool_)) else result.all())


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


def _is_native(dtype: Any) -> bool:
    """Tell whether a column of a dtype stays the same when it is cast to it."""
    if isinstance(dtype, np.dtype):
        return dtype.kind in "iufbmM"
    masked = re.fullmatch(r"boolean|(U?Int|Float)\d+", str(dtype))
    return bool(masked) or isinstance(dtype, pd.DatetimeTZDtype)
