"""Whether two objects have the same parameters, to the types."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd

from windu.config.classes import class_name, values_of

__all__ = ["first_difference", "is_pandera"]


def first_difference(one: Any, two: Any, path: tuple[Any, ...] = ()) -> Any:
    """Return the path to the first difference, None if there is none.

    Parameters
    ----------
    one, two : object
        Estimators, or what their parameters can be.
    path : tuple
        Where they stand.

    Returns
    -------
    tuple or None
        Keys and positions.
    """
    if one is two:
        return None
    if type(one) is not type(two):
        return path
    if isinstance(one, (list, tuple)):
        pairs = dict(enumerate(one)), dict(enumerate(two))
        return _of_items(*pairs, path)
    if isinstance(one, dict):
        # The order of keys can matter, as of the columns of a frame.
        same_keys = [(type(k), k) for k in one] == [(type(k), k) for k in two]
        return _of_items(one, two, path) if same_keys else path
    if _is_part(one):
        return _of_items(values_of(one), values_of(two), path)
    return None if _same(one, two) else path


def _of_items(one: dict[Any, Any], two: dict[Any, Any], path: tuple[Any, ...]) -> Any:
    if one.keys() != two.keys():
        return path
    found = (first_difference(one[key], two[key], (*path, key)) for key in one)
    return next((difference for difference in found if difference is not None), None)


def _is_part(value: Any) -> bool:
    return not isinstance(value, type) and (
        hasattr(value, "get_params") or class_name(type(value)) is not None
    )


def _same(one: Any, two: Any) -> bool:
    if isinstance(one, np.ndarray):
        if one.dtype != two.dtype or one.shape != two.shape:
            return False
        return first_difference(one.tolist(), two.tolist()) is None
    if isinstance(one, np.generic):
        return _same(one.item(), two.item())
    if isinstance(one, (set, frozenset)):
        return {(type(v), v) for v in one} == {(type(v), v) for v in two}
    if isinstance(one, pd.DataFrame):
        return one.equals(two) and all(
            a.equals(b) and a.dtype == b.dtype
            for a, b in ((one.index, two.index), (one.columns, two.columns))
        )
    if isinstance(one, float):
        # Zero has a sign, and NaN equals nothing.
        return repr(float(one)) == repr(float(two))
    if is_pandera(one):
        # Only users of pandera wait for its import.
        from windu.schema.user.stored import to_json

        return to_json(one) == to_json(two)
    return bool(one == two)


def is_pandera(value: Any) -> bool:
    """Tell a pandera schema; a class of one is none."""
    # Where nobody has imported pandera, nothing is of it.
    pandas_side = sys.modules.get("pandera.pandas")
    return pandas_side is not None and isinstance(value, pandas_side.DataFrameSchema)
