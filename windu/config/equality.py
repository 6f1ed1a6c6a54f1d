"""Whether two objects have the same parameters, to the types."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from windu.config.classes import class_name, values_of

__all__ = ["first_difference", "is_pandera"]


def first_difference(first: Any, two: Any, path: tuple[Any, ...] = ()) -> Any:
    """Return the path to the first difference, None if there is none.

    Parameters
    ----------
    first, two : object
        Estimators, or what their parameters can be.
    path : tuple
        Where they stand.

    Returns
    -------
    tuple or None
        Keys and positions.
    """
    # YAML has numbers and lists of them.
    first, two = (
        value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
        for value in (first, two)
    )
    if first is two:
        return None
    if type(first) is not type(two):
        return path
    if isinstance(first, (list, tuple)):
        pairs = dict(enumerate(first)), dict(enumerate(two))
        return _of_items(*pairs, path)
    if isinstance(first, dict):
        # The order of keys can matter, as of the columns of a frame.
        same_keys = [(type(k), k) for k in first] == [(type(k), k) for k in two]
        return _of_items(first, two, path) if same_keys else path
    if _is_part(first):
        return _of_items(values_of(first), values_of(two), path)
    return None if _same(first, two) else path


def _of_items(first: dict[Any, Any], two: dict[Any, Any], path: tuple[Any, ...]) -> Any:
    if first.keys() != two.keys():
        return path
    differences = (
        first_difference(first[key], two[key], (*path, key)) for key in first
    )
    return next(
        (difference for difference in differences if difference is not None), None
    )


def _is_part(value: Any) -> bool:
    return not isinstance(value, type) and (
        hasattr(value, "get_params") or class_name(type(value)) is not None
    )


def _same(first: Any, two: Any) -> bool:
    if isinstance(first, (set, frozenset)):
        return {(type(v), v) for v in first} == {(type(v), v) for v in two}
    if isinstance(first, float):
        # Zero has a sign, and NaN equals nothing.
        return repr(float(first)) == repr(float(two))
    if is_pandera(first):
        # Only users of pandera wait for its import.
        from windu.schema.user.stored import to_json

        return first is two or to_json(first) == to_json(two)
    return bool(first == two)


def is_pandera(value: Any) -> bool:
    """Tell a pandera schema; a class of one is none."""
    # Where nobody has imported pandera, nothing is of it.
    pandas_side = sys.modules.get("pandera.pandas")
    return pandas_side is not None and isinstance(value, pandas_side.DataFrameSchema)
