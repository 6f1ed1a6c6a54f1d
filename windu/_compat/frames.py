"""Every accepted form of a table becomes one pandas DataFrame."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.utils import check_array

__all__ = ["as_frame", "check_not_empty", "named_columns", "own_copy", "text_columns"]

#: From pandas 3 on, what is written to one of two frames is not seen in the other.
_COPIES_ON_WRITE = int(pd.__version__.partition(".")[0]) >= 3


def as_frame(X: Any) -> pd.DataFrame:
    """Return `X` as a DataFrame; a DataFrame comes back as it is.

    Parameters
    ----------
    X : table of shape (n_samples, n_columns)
        A pandas or polars DataFrame, a pyarrow Table, a 2-D array, a 1-D array of
        records, a list of dicts (one a row) or one dict (one row, or lists, arrays
        and the like as columns).

    Returns
    -------
    pandas.DataFrame
        Arrays get the column names ``x0, x1, ...`` as in scikit-learn. What is masked
        is missing.

    Raises
    ------
    TypeError
        If `X` is sparse, lazy, or holds raw memory.
    ValueError
        If `X` is not two-dimensional, or an array of complex numbers.
    """
    if isinstance(X, pd.DataFrame):
        return X
    if issparse(X):
        raise TypeError(
            "X must be a dense table. Got a sparse matrix, which windu does not "
            "support: its columns have no kinds to infer. Pass X.toarray(), or a "
            "DataFrame."
        )
    if hasattr(X, "collect") and hasattr(X, "collect_schema"):
        raise TypeError("X must hold data. Got a lazy frame; pass X.collect().")
    if hasattr(X, "to_pandas"):
        return _from_columnar(X)
    if isinstance(X, dict):
        return pd.DataFrame(X if _has_columns(X) else [X])
    if isinstance(X, list) and X and all(isinstance(row, dict) for row in X):
        return pd.DataFrame(X)
    if _has_fields(X):
        return _from_records(X)
    return _from_array(X)


def check_not_empty(frame: pd.DataFrame, name: str) -> None:
    """Raise if a table is too small to learn from.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    name : str
        The estimator's name, for the message.

    Raises
    ------
    ValueError
        For less than two rows or one column; worded as scikit-learn does.
    """
    n_rows, n_columns = frame.shape
    if n_rows < 2:
        raise ValueError(
            f"Found array with {n_rows} sample(s) (shape={frame.shape}) while a "
            f"minimum of 2 is required by {name}: n_samples = {n_rows} "
            "rows show no variation. Pass the whole training table."
        )
    if not n_columns:
        raise ValueError(
            f"Found array with 0 feature(s) (shape={frame.shape}) while a minimum of 1 "
            f"is required by {name}. Pass a table with columns."
        )


def named_columns(X: Any) -> bool:
    """Tell whether `X` carries column names of its own.

    Parameters
    ----------
    X : table
        As taken by `as_frame`.

    Returns
    -------
    bool
        False for arrays and lists of rows.
    """
    return (
        isinstance(X, (pd.DataFrame, dict))
        or hasattr(X, "to_pandas")
        or _has_fields(X)
        or (isinstance(X, list) and bool(X) and isinstance(X[0], dict))
    )


def own_copy(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame that may be written to, without `frame` changing.

    Parameters
    ----------
    frame : pandas.DataFrame
        Any frame.

    Returns
    -------
    pandas.DataFrame
        Without a copy of the values where pandas makes one on writing.
    """
    return frame.copy(deep=not _COPIES_ON_WRITE)


def _from_columnar(X: Any) -> pd.DataFrame:
    if wide := _columns_of_128_bits(X):
        # Arrow has no integers of 128 bits; pandas holds them as objects.
        frame = X.drop(wide).to_pandas()
        for name in wide:
            values = pd.Series(X[name].to_list(), dtype=object)
            frame.insert(X.columns.index(name), name, values)
        return frame
    frame = X.to_pandas()
    if not isinstance(frame, pd.DataFrame):
        raise ValueError(
            f"Expected 2D array, got 1D array instead: a {type(X).__name__}. Pass a "
            "table, for instance X.to_frame()."
        )
    return frame


def _columns_of_128_bits(X: Any) -> list[str]:
    if type(X).__module__.partition(".")[0] != "polars" or not hasattr(X, "columns"):
        return []
    wide = ("Int128", "UInt128")
    return [name for name, dtype in X.schema.items() if str(dtype) in wide]


def _has_columns(X: dict[Any, Any]) -> bool:
    # A dict or a set is a value, not a column; an iterator can be read only once.
    return any(
        pd.api.types.is_list_like(value, allow_sets=False)
        and hasattr(value, "__len__")
        and not isinstance(value, dict)
        for value in X.values()
    )


def _has_fields(X: Any) -> bool:
    return isinstance(X, np.ndarray) and X.dtype.names is not None


def _from_records(X: np.ndarray) -> pd.DataFrame:
    if X.ndim != 1:
        raise ValueError(
            f"An array of records must have one dimension. Got {X.ndim}; pass "
            "X.ravel()."
        )
    native = X.astype(X.dtype.newbyteorder("="))
    # pandas takes no masked records; masked fields it takes.
    return pd.DataFrame({name: native[name] for name in X.dtype.names or ()})


def _from_array(X: Any) -> pd.DataFrame:
    array = _checked(X, dtype=None)
    if array.dtype.kind == "U" and not isinstance(X, np.ndarray):
        # Of rows that mix texts and others, numpy makes texts: also of nan.
        array = _checked(X, dtype=object)
    if array.dtype.kind == "V":
        raise TypeError("X must hold values. Got raw memory; pass X.view(dtype).")
    if array.dtype.kind == "S":
        # Bytes in objects: what numpy calls a string here has no encoding.
        array = array.astype(object)
    if isinstance(X, np.ma.MaskedArray):
        array = pd.DataFrame(np.ma.array(array, mask=X.mask)).to_numpy()
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    frame = pd.DataFrame(
        array, columns=[f"x{i}" for i in range(array.shape[1])], copy=False
    )
    return frame.infer_objects() if array.dtype == object else frame


def _checked(X: Any, dtype: Any) -> np.ndarray:
    return check_array(
        X,
        dtype=dtype,
        ensure_all_finite=False,
        ensure_min_samples=0,
        input_name="X",
        # scikit-learn tells 0 features apart from 0 samples; both are refused at fit.
        ensure_min_features=0,
    )


def text_columns(features: pd.DataFrame) -> pd.DataFrame:
    """Return the features with column names that are texts, as scikit-learn needs."""
    if all(isinstance(name, str) for name in features.columns):
        return features
    return features.set_axis(features.columns.astype(str), axis=1)
