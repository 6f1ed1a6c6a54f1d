"""pandera's built-in checks on whole columns, as quickly as they can be asked."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from windu.schema.user.checks import check_name
from windu.schema.user.rows import TEXT, value_test

__all__ = ["ColumnCheck", "NotKnown"]

Test = Callable[[Any], Any]

#: Up to so many texts, a call of pandas costs more than all of them.
_FEW_ROWS = 100

#: Comparisons that numpy does as pandas does, by the statistics they take.
_COMPARISONS: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "equal_to": (operator.eq, "value"),
    "not_equal_to": (operator.ne, "value"),
    "greater_than": (operator.gt, "min_value"),
    "greater_than_or_equal_to": (operator.ge, "min_value"),
    "less_than": (operator.lt, "max_value"),
    "less_than_or_equal_to": (operator.le, "max_value"),
}


class NotKnown(Exception):
    """Something of a schema that only pandera knows."""


class ColumnCheck:
    """One built-in check: on numbers by numpy, on others by pandera's own function.

    Parameters
    ----------
    check : pandera.Check
        From a user's schema.

    Raises
    ------
    NotKnown
        For a user's own check, and for groups.
    """

    def __init__(self, check: Any):
        name = check_name(check)
        if name is None or check.element_wise or check.groupby is not None:
            raise NotKnown
        self.name = name
        self.ignore_na = check.ignore_na
        self.arguments = dict(check._check_kwargs)
        self.function = pa.Check.get_builtin_check_fn(name)
        self.compare = _comparison(name, self.arguments)
        self.of_text = value_test(name, self.arguments, TEXT)

    def passes(self, data: Any, values: pd.Series, gaps: bool) -> bool:
        """Tell whether all values pass.

        Parameters
        ----------
        data : ndarray or pandas.Series
            Numbers as an array; without missing values where they are ignored.
        values : pandas.Series
            The whole column.
        gaps : bool
            Whether values are missing.
        """
        if isinstance(data, np.ndarray):
            if self.compare is not None:
                return bool(self.compare(data).all())
            data = values.dropna() if gaps and self.ignore_na else values
        elif self.of_text is not None and len(data) <= _FEW_ROWS:
            texts = data.tolist()
            if all(type(text) is str for text in texts):
                return all(map(self.of_text, texts))
        result = self.function(data, **self.arguments)
        if isinstance(result, pd.Series):
            return result.empty or bool(result.all())
        return isinstance(result, (bool, np.bool_)) and bool(result)


def _comparison(name: str, arguments: dict[str, Any]) -> Test | None:
    """Return a check of numbers for arrays, None where pandas may do otherwise."""
    plain = {key: _plain_number(value) for key, value in arguments.items()}
    if any(value is None for value in plain.values()):
        return None
    if name in _COMPARISONS:
        compare, key = _COMPARISONS[name]
        return lambda data: compare(data, plain[key])
    if name == "in_range":
        above = operator.ge if arguments["include_min"] else operator.gt
        below = operator.le if arguments["include_max"] else operator.lt
        low, high = plain["min_value"], plain["max_value"]
        return lambda data: above(data, low) & below(data, high)
    return None


def _plain_number(value: Any) -> Any:
    value = value.item() if isinstance(value, np.number) else value
    return value if isinstance(value, (bool, int, float)) else None
