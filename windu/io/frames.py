"""Every accepted form of a table becomes one pandas DataFrame."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import issparse
from sklearn.utils import check_array

from windu.exceptions import SchemaError
from windu.io.cells import LARGEST_WHOLE, settle_objects

__all__ = [
    "arrow_of_frame",
    "as_frame",
    "check_not_empty",
    "frame_of_arrow",
    "frame_of_records",
    "named_columns",
    "own_copy",
    "row_of_series",
    "surrogates_refused",
    "text_columns",
]

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
        If `X` is a path, sparse, lazy, or holds raw memory.
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
    if isinstance(X, (str, os.PathLike)):
        raise TypeError(
            f"X must be a table. Got a path, {os.fspath(X)!r}. Score a file with "
            "PredictionPipeline(est).run(path), which reads it as training was read; "
            "train on one with TrainingPipeline(data=path)."
        )
    if isinstance(X, pd.Series):
        raise ValueError(_of_series(X))
    if hasattr(X, "to_pandas"):
        return _from_columnar(X)
    if isinstance(X, dict):
        return pd.DataFrame(X) if _has_columns(X) else frame_of_records([X])
    if isinstance(X, list) and X and all(isinstance(row, dict) for row in X):
        return frame_of_records(X)
    if _has_fields(X):
        return _from_records(X)
    return _from_array(X)


@contextmanager
def surrogates_refused() -> Iterator[None]:
    """Raise a clear error for texts that are not valid Unicode.

    Yields
    ------
    None
        Also usable as a decorator.

    Raises
    ------
    SchemaError
        For half of a surrogate pair, as JSON may hold it and neither pandas nor Arrow.
    """
    try:
        yield
    except UnicodeEncodeError as error:
        raise SchemaError(
            f"Texts must be valid Unicode. Got {error.object[:60]!r}, with half of a "
            f"surrogate pair at position {error.start}. Replace it in the table: "
            "text.encode('utf-8', 'replace').decode()."
        ) from error


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


def _of_series(X: pd.Series) -> str:
    names = [str(name) for name in X.index[:3]]
    return (
        "Expected 2D array, got 1D array instead: a Series, which may be one row or "
        f"one column. X must be a table. Its index starts with {names}. Pass "
        "X.to_frame().T.infer_objects() for a row, or X.to_frame() for a column."
    )


def row_of_series(X: Any, names: Collection[Any]) -> Any:
    """Return a Series whose index holds the columns of training as a frame of one row.

    Parameters
    ----------
    X : object
        What `predict` was given.
    names : collection
        Names of the columns of training.

    Returns
    -------
    object
        `X` itself where it is anything else.
    """
    if isinstance(X, pd.Series) and len(X) and X.index.isin(names).any():
        return frame_of_records([dict(zip(X.index, X.tolist(), strict=True))])
    return X


def frame_of_records(rows: list[dict[Any, Any]]) -> pd.DataFrame:
    """Return dicts, one a row, as a frame in which each value is what it was.

    Parameters
    ----------
    rows : list of dict
        Names to values; one that a row lacks is missing.

    Returns
    -------
    pandas.DataFrame
        Long whole numbers beside missing values stay exact, which pandas makes floats.
    """
    if len(rows) == 1:
        return pd.DataFrame(rows)
    frame = pd.DataFrame(rows, dtype=object)
    columns = {i: settle_objects(frame.iloc[:, i]) for i in range(frame.shape[1])}
    return pd.DataFrame(columns, index=frame.index).set_axis(frame.columns, axis=1)


def _from_columnar(X: Any) -> pd.DataFrame:
    if isinstance(X, (pa.Table, pa.RecordBatch)):
        return frame_of_arrow(X)
    if type(X).__module__.partition(".")[0] == "polars" and hasattr(X, "columns"):
        return _from_polars(X)
    frame = X.to_pandas()
    if not isinstance(frame, pd.DataFrame):
        raise ValueError(
            f"Expected 2D array, got 1D array instead: a {type(X).__name__}. Pass a "
            "table, for instance X.to_frame()."
        )
    return frame


def frame_of_arrow(table: Any) -> pd.DataFrame:
    """Return an Arrow table as a frame in which each value is what it was.

    Parameters
    ----------
    table : pyarrow.Table or pyarrow.RecordBatch
        Any columns.

    Returns
    -------
    pandas.DataFrame
        As pandas makes it. Long whole numbers beside missing values stay exact, and
        dictionaries of intervals and the like become categories.
    """
    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    own = {
        name: convert
        for name, column in zip(table.column_names, table.columns, strict=True)
        if (convert := _conversion_of(column)) is not None
    }
    if not own or len(set(table.column_names)) < table.num_columns:
        return table.to_pandas()
    frame = table.drop_columns(list(own)).to_pandas()
    for name, convert in own.items():
        position = sum(earlier in frame.columns for earlier in _before(table, name))
        values = pd.Series(convert(table.column(name)), index=frame.index)
        frame.insert(position, _name_of(name, frame), values)
    return frame


def arrow_of_frame(frame: pd.DataFrame) -> Any:
    """Return a frame as an Arrow table, without its index.

    Parameters
    ----------
    frame : pandas.DataFrame
        A column that Arrow cannot hold, such as numbers among texts, becomes texts.
    """
    columns = {i: _held_by_arrow(frame.iloc[:, i]) for i in range(frame.shape[1])}
    storable = pd.DataFrame(columns, index=frame.index).set_axis(frame.columns, axis=1)
    with warnings.catch_warnings():
        # pyarrow asks pandas for times with a zone in a way that will go.
        warnings.filterwarnings("ignore", "Series.values returning", Warning)
        return pa.Table.from_pandas(storable, preserve_index=False)


def _held_by_arrow(values: pd.Series) -> pd.Series:
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        # Parquet has no dictionaries of intervals and periods.
        category_dtype = dtype.categories.dtype
        extended = isinstance(category_dtype, (pd.IntervalDtype, pd.PeriodDtype))
        return values.astype(category_dtype) if extended else values
    if dtype != object:
        return values
    try:
        pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return values.map(str, na_action="ignore").astype(object)
    return values


def _before(table: Any, name: str) -> list[str]:
    return list(table.column_names[: table.column_names.index(name)])


def _name_of(name: str, frame: pd.DataFrame) -> Any:
    """Return the name that pandas gave a column, before Arrow made it a text."""
    numbered = frame.columns.inferred_type == "integer"
    return int(name) if numbered and name.lstrip("-").isdigit() else name


def _conversion_of(column: Any) -> Callable[[Any], Any] | None:
    """Return what makes values of an Arrow column, where pandas would not keep them."""
    dtype = column.type
    if pa.types.is_dictionary(dtype) and isinstance(
        dtype.value_type, pa.BaseExtensionType
    ):
        return _categories_of
    if pa.types.is_integer(dtype) and column.null_count and dtype.bit_width == 64:
        ends = pc.min_max(column).as_py()
        if ends["min"] is not None and (
            ends["min"] < -LARGEST_WHOLE or ends["max"] > LARGEST_WHOLE
        ):
            return _exact_integers
    return None


def _exact_integers(column: Any) -> Any:
    unsigned = pa.types.is_unsigned_integer(column.type)
    values = pd.array(column.to_pylist(), dtype="UInt64" if unsigned else "Int64")
    return values


def _categories_of(column: Any) -> Any:
    array = column.combine_chunks()
    array = array.chunk(0) if isinstance(array, pa.ChunkedArray) else array
    levels = pd.Index(array.dictionary.to_pandas())
    codes = array.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return pd.Categorical.from_codes(codes, levels, ordered=array.type.ordered)


def _from_polars(X: Any) -> pd.DataFrame:
    wide = [name for name in X.columns if _is_wide(X[name])]
    if not wide:
        return X.to_pandas()
    # Arrow has no integers of 128 bits, and pandas makes floats of long integers
    # beside missing values; as objects they stay what they are.
    rest = X.drop(wide)
    frame = rest.to_pandas() if rest.width else pd.DataFrame(index=range(X.height))
    for name in wide:
        values = settle_objects(pd.Series(X[name].to_list(), dtype=object))
        frame.insert(X.columns.index(name), name, values)
    return frame


def _is_wide(column: Any) -> bool:
    dtype = str(column.dtype)
    if dtype in ("Int128", "UInt128"):
        return True
    if dtype not in ("Int64", "UInt64") or not column.null_count():
        return False
    low, high = column.min(), column.max()
    return low is not None and (low < -LARGEST_WHOLE or high > LARGEST_WHOLE)


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
