"""A user's checks on single values: the same verdict as on a column, without one."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from windu.schema.columns import ColumnSchema, TableSchema

__all__ = ["NUMBER", "TEXT", "row_tests", "value_test"]

Test = Callable[[Any], bool]

NUMBER, TEXT = "number", "text"
#: Up to here whole numbers and floats are compared alike by Python and numpy.
_EXACT = 2**53

_ORDER: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "greater_than": (operator.gt, "min_value"),
    "greater_than_or_equal_to": (operator.ge, "min_value"),
    "less_than": (operator.lt, "max_value"),
    "less_than_or_equal_to": (operator.le, "max_value"),
}
_EQUAL: dict[str, Callable[[Any, Any], Any]] = {
    "equal_to": operator.eq,
    "not_equal_to": operator.ne,
}


def value_test(name: str, arguments: dict[str, Any], kind: str) -> Test | None:
    """Return a built-in check as a test of one value.

    Parameters
    ----------
    name : str
        Of the check.
    arguments : dict
        What pandera's function is called with.
    kind : {"number", "text"}
        What the values are: whole numbers below 2**53 and floats, or texts.

    Returns
    -------
    callable or None
        None for checks that are not as simple as that.
    """
    fits = _is_text if kind == TEXT else _is_exact
    if name in _EQUAL and fits(arguments["value"]):
        equal, right = _EQUAL[name], arguments["value"]
        return lambda value: bool(equal(value, right))
    if name in ("isin", "notin"):
        (values,) = arguments.values()
        if not all(map(fits, values)):
            return None
        known = frozenset(values)
        if name == "isin":
            return lambda value: value in known
        return lambda value: value not in known
    return _text_test(name, arguments) if kind == TEXT else _order_test(name, arguments)


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_exact(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < _EXACT


def _order_test(name: str, arguments: dict[str, Any]) -> Test | None:
    if name in _ORDER:
        order, key = _ORDER[name]
        bound = arguments[key]
        return (lambda value: bool(order(value, bound))) if _is_exact(bound) else None
    if name != "in_range":
        return None
    low, high = arguments["min_value"], arguments["max_value"]
    above = operator.ge if arguments["include_min"] else operator.gt
    below = operator.le if arguments["include_max"] else operator.lt
    if not (_is_exact(low) and _is_exact(high)):
        return None
    return lambda value: bool(above(value, low) and below(value, high))


def _text_test(name: str, arguments: dict[str, Any]) -> Test | None:
    if name in ("str_startswith", "str_endswith"):
        end = arguments["string"]
        ask = str.startswith if name == "str_startswith" else str.endswith
        return (lambda value: ask(value, end)) if _is_text(end) else None
    if name != "str_length":
        return None
    exact = arguments.get("exact_value")
    low = exact if exact is not None else arguments.get("min_value")
    high = exact if exact is not None else arguments.get("max_value")
    low, high = low or 0, float("inf") if high is None else high
    return lambda value: low <= len(value) <= high


def row_tests(tests: Any, table: TableSchema) -> list[tuple[int, Test]] | None:
    """Return what a user's schema asks of the values of one row.

    Parameters
    ----------
    tests : UserTests or None
        The schema's quick check.
    table : TableSchema
        What was seen in training.

    Returns
    -------
    list of tuple, or None
        Position of a column and its test, which takes only what surely passes; None if
        a column is not as simple as that.
    """
    if tests is None:
        return None
    found = []
    for test in tests.columns:
        made = _row_test(test, table.columns[test.position])
        if made is None:
            return None
        found.append((test.position, made))
    return found


#: A value of each dtype that rows are tested in.
_SAMPLES: dict[str, Any] = {"float64": 0.0, "int64": 0, "str": "a", "object": "a"}
_TYPES: dict[str, tuple[type, ...]] = {
    "float64": (float, np.float64, int, np.int64),
    "int64": (int, np.int64),
}


def _row_test(test: Any, column: ColumnSchema) -> Test | None:
    if column.dtype not in _SAMPLES or test.coerced or test.filled:
        return None
    kind = NUMBER if column.storage == "numeric" else TEXT
    if kind == TEXT and column.storage != "text":
        return None
    sample = pd.Series([_SAMPLES[column.dtype]], dtype=column.dtype)
    if (column.dtype in ("float64", "int64")) != (kind == NUMBER):
        return None
    if not test.settles(sample):
        return None
    found = [value_test(check.name, check.arguments, kind) for check in test.checks]
    asked = [one for one in found if one is not None]
    if len(asked) < len(found):
        return None
    types = _TYPES.get(column.dtype, (str,))
    gaps = test.nullable and all(check.ignore_na for check in test.checks)

    def passes(value: Any) -> bool:
        if value is None or value != value:
            return bool(gaps)
        if type(value) not in types or (kind == NUMBER and not abs(value) < _EXACT):
            return False
        return all(one(value) for one in asked)

    return passes
