"""Values that YAML has no word for: the mapping each is written as, and back.

=======================================  ========================================
``{tuple: [1, 2]}``, ``{list: [1, 2]}``  where a list alone would be read otherwise
``{set: [1, 2]}``                        a set
``{slice: [0, 3]}``                      a slice
``{dict: {tuple: [1]}}``                 a dict that looks like one of these
``{numpy: [1.5, 2]}``                    an array; ``{numpy: 1.5}`` a number of numpy
``{numpy: [1, 2], dtype: float32}``      with another dtype than numpy would choose
``{dtype: float32}``                     a numpy dtype
``{frame: {columns: [a], index: [0], data: [[1.5]]}}``  a DataFrame
=======================================  ========================================
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["FORMS", "form_of", "make_form", "write_array", "write_frame"]

#: The keys of each form; a mapping with other keys is a dict.
FORMS = {
    frozenset([name]): name
    for name in ("dict", "dtype", "frame", "list", "numpy", "set", "slice", "tuple")
} | {frozenset(["numpy", "dtype"]): "numpy"}

#: Of these an array is a matter of its length alone.
_DTYPE = re.compile(r"bool|u?int(8|16|32|64)|float(16|32|64)|object")

_MAX_ITEMS = 20_000


def form_of(mapping: dict[Any, Any]) -> str | None:
    """Return the name of the form that a mapping is, None for others."""
    return FORMS.get(frozenset(mapping)) if 0 < len(mapping) <= 2 else None


def make_form(name: str, mapping: dict[Any, Any], items: Any) -> Callable[[], Any]:
    """Check a form, and return what makes its value.

    Parameters
    ----------
    name : str
        From `form_of`; not "dict".
    mapping : dict
        The form, as read.
    items : list of callable or None
        What makes each item of a list.

    Returns
    -------
    callable
        Without arguments.

    Raises
    ------
    ValueError
        With what it must be.
    """
    data = mapping[name]
    if name in ("list", "set", "slice", "tuple") and items is None:
        raise ValueError(f"{name} must be a list. Got {data!r}.")
    if name == "slice":
        if not 1 <= len(items) <= 3:
            raise ValueError("slice must be a list of start, stop and step.")
        return lambda: slice(*(maker() for maker in items))
    if name in ("list", "set", "tuple"):
        kind: Any = {"list": list, "set": set, "tuple": tuple}[name]
        return lambda: kind(maker() for maker in items)
    value = {"dtype": _dtype, "frame": _frame, "numpy": _array}[name](mapping)
    return lambda: value


def _dtype(mapping: dict[Any, Any]) -> np.dtype[Any]:
    text = mapping["dtype"]
    if not isinstance(text, str) or not _DTYPE.fullmatch(text):
        raise ValueError(f"dtype must be one such as 'float32'. Got {text!r}.")
    return np.dtype(text)


def _array(mapping: dict[Any, Any]) -> Any:
    data = mapping["numpy"]
    if not _is_array(data):
        raise ValueError("numpy must be a number, or lists of numbers or texts.")
    dtype = _dtype(mapping) if "dtype" in mapping else None
    try:
        array = np.array(data, dtype=dtype)
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"numpy must be a number or even lists: {error}.") from error
    if array.dtype.kind in "biu" and array.tolist() != data:
        raise ValueError(f"numpy must be of its dtype {array.dtype}. Got {data!r}.")
    if dtype is None and array.dtype.kind == "i":
        array = array.astype(np.int64)
    if dtype is None and array.dtype.kind == "O":
        raise ValueError("numpy of mixed values must say 'dtype: object'.")
    return array if isinstance(data, list) else array[()]


def _is_array(data: Any) -> bool:
    if isinstance(data, list):
        return all(map(_is_array, data))
    return isinstance(data, (bool, int, float, str, type(None)))


def _frame(mapping: dict[Any, Any]) -> pd.DataFrame:
    columns = mapping["frame"]
    keys = {"columns", "data", "index"}
    if (
        not isinstance(columns, dict)
        or set(columns) != keys
        or not _is_array(list(columns.values()))
    ):
        raise ValueError("frame must be a mapping of columns, index and data to lists.")
    try:
        return pd.DataFrame(**columns)
    except (ValueError, TypeError, AssertionError) as error:
        raise ValueError(f"frame must be a table: {error}.") from error


def write_array(value: Any) -> dict[str, Any] | None:
    """Return an array or number of numpy as a form, None where there is none."""
    named = _DTYPE.fullmatch(value.dtype.name)
    if value.size > _MAX_ITEMS or not (named or value.dtype.kind == "U"):
        return None
    if isinstance(value, np.ndarray) and not value.ndim:
        return None
    form: dict[str, Any] = {"numpy": value.tolist()}
    if not named or value.dtype in (bool, np.int64, np.float64):
        return form
    return form | {"dtype": value.dtype.name}


def write_frame(value: pd.DataFrame) -> dict[str, Any] | None:
    """Return a small frame as a form, None where there is none."""
    if value.size > _MAX_ITEMS:
        return None
    lists = {
        "columns": value.columns.tolist(),
        "index": value.index.tolist(),
        "data": value.to_numpy(dtype=object).tolist(),
    }
    return {"frame": lists} if _is_array(list(lists.values())) else None
