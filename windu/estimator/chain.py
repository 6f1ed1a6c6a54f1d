"""The compiled chain: from a clean table to the matrix, without frames.

For one row a frame, a `ColumnTransformer` and their checks cost fifty times what the
model costs. The compiled chain is made from the fitted parts on first use. It accepts
tables that are written as in training; a table that must be cast, warned of or refused
is validated first.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from operator import is_
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import numpy as np
import pandas as pd
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)

from windu._compat.boosting import boosting_of_few_rows
from windu._compat.sklearn import output_is_default
from windu.components.blend import BoostedBlendClassifier, BoostedBlendRegressor
from windu.components.block_encoding import MatrixEncoder, matrix_encoder
from windu.components.encoding import (
    ColumnEncoder,
    Decline,
    Feature,
    Values,
    column_encoder,
)
from windu.components.featurizers import AutoFeaturizer
from windu.exceptions import SchemaError
from windu.io.frames import as_frame
from windu.schema.check import conform
from windu.schema.columns import TableSchema
from windu.schema.user.check import UserCheck, stamp_of, user_check
from windu.schema.user.given import pandera_schema_of

__all__ = [
    "FEW_ROWS",
    "QUICK_TYPES",
    "CompiledChain",
    "chain_of",
    "compile_chain",
    "model_of_few_rows",
]

#: Up to so many rows, row by row is quicker: to read a frame, and to walk trees.
FEW_ROWS = 10
#: Up to so many rows a list of values is quicker than a Series.
_LISTED_ROWS = 500
#: From so many rows on, compiling pays for one table.
_MANY_ROWS = 5_000
#: A user's own schema may be asked twice about so many rows.
_MAX_CHECKED = 1000

_BLENDS = (BoostedBlendClassifier, BoostedBlendRegressor)
#: Models of which `model_of_few_rows` makes a copy.
QUICK_TYPES = (
    *_BLENDS,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)


def model_of_few_rows(model: Any) -> Any:
    """Return a model with the same predictions that is fast for few rows.

    Parameters
    ----------
    model : estimator
        Fitted.

    Returns
    -------
    estimator
        For validated matrices of float64; the model itself if there is no faster
        form.
    """
    if type(model) in _BLENDS:
        quick = copy(model)
        quick.booster_ = boosting_of_few_rows(model.booster_)
        quick._blend = quick._mix
        return quick
    return boosting_of_few_rows(model)


#: Number of example rows on which the compiled chain is compared with the parts.
_N_PROOFS = 5

#: Attributes that change when a part is fitted again or its schema is edited.
_WATCHED = {
    "_table_schema": ("columns", "tolerance"),
    "featurizer_": ("schema_",),
    "transformer_": ("transformers_",),
}

# Not an attribute of the estimator, so that it is never copied or stored.
_COMPILED: WeakKeyDictionary[Any, tuple[Sequence[Any], CompiledChain | None]]
_COMPILED = WeakKeyDictionary()
#: Estimators that have encoded a table without a compiled chain.
_USED: WeakSet[Any] = WeakSet()


class CompiledChain:
    """The compiled chain of one fitted estimator.

    Parameters
    ----------
    schema : TableSchema
        Of the table of training.
    named : bool
        Whether the columns of training had names.
    asked : UserCheck or None
        The checks of a user's schema, which run before the encoding.
    columns : list of callable
        One encoder per column, from its values to its features.
    encode : callable
        From all features to the matrix.

    Attributes
    ----------
    proofs : ndarray of shape (n_proofs, n_features_out)
        Rows of training, encoded by the fitted parts themselves.
    proven : set of type
        Types of models that gave the same bits for these rows in both ways; copies
        of the chain share the set.
    """

    def __init__(
        self,
        schema: TableSchema,
        named: bool,
        own_schema: UserCheck | None,
        columns: list[ColumnEncoder],
        encode: MatrixEncoder,
    ):
        self.names = schema.names
        self.index = pd.Index(self.names)
        self.named = named
        self.asked = own_schema
        self.columns = columns
        self.encode = encode
        self._model: Any = None
        self.proofs = np.empty((0, 0))
        self.proven: set[type] = set()

    def matrix(self, X: Any) -> np.ndarray | None:
        """Return the matrix for the model, or None if the table is not clean.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            A frame, a dict, a list of dicts; an array for arrays.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out) or None
            The bits that the fitted parts give.
        """
        if self.asked is not None:
            X = self._checked(X, self.asked)
        values = self._values(X)
        return None if values is None else self._encode(values)

    def matrix_of_valid(self, frame: pd.DataFrame) -> np.ndarray | None:
        """Return the matrix of a validated frame, or None as `matrix` does.

        Parameters
        ----------
        frame : pandas.DataFrame of shape (n_samples, n_columns)
            Columns, order and dtypes of training.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out) or None
            None also for no rows.
        """
        if not len(frame):
            return None
        return self._encode([_values_of(column) for _, column in frame.items()])

    def few_rows_model(self, est: Any) -> Any:
        """Return the model to predict up to `FEW_ROWS` rows with.

        Parameters
        ----------
        est : WinduEstimator
            The estimator that was compiled.

        Returns
        -------
        estimator
            The model of the estimator itself if a faster one would not give the same
            bits.
        """
        if self._model is None:
            self._model = self._proven_model(est.model_)
        return self._model

    def _proven_model(self, model: Any) -> Any:
        quick = model_of_few_rows(model)
        if quick is model or type(model) in self.proven:
            return quick
        method = "predict_proba" if hasattr(model, "classes_") else "predict"
        for matrix in (*self.proofs[:, np.newaxis], self.proofs):
            outputs = [getattr(each, method)(matrix) for each in (quick, model)]
            if not _same_bits(*outputs):
                return model
        self.proven.add(type(model))
        return quick

    def _encode(self, values: Sequence[Values]) -> np.ndarray | None:
        n_rows = len(values[0])
        features: list[Feature] = []
        # A product of matrices rounds by their order in memory.
        order = "F" if self.proofs.flags.fnc else "C"
        try:
            for encode, column in zip(self.columns, values, strict=True):
                features += encode(column)
            matrix = self.encode(features, n_rows, order)
        except Decline:
            return None
        # Validation refuses infinity, and numpy warns of an overflow.
        return None if np.isinf(matrix).any() else matrix

    def _checked(self, X: Any, own_schema: UserCheck) -> pd.DataFrame | None:
        frame = as_frame(X)
        if not 0 < len(frame) <= _MAX_CHECKED:
            return None
        frame, report = own_schema.compare(frame, everything=False)
        return None if report.differences else frame

    def _values(self, X: Any) -> Sequence[Values] | None:
        """Return the values of each column, or None for other forms and columns."""
        if not self.named:
            plain = isinstance(X, np.ndarray) and X.dtype.char in "bhilqBHILQfd"
            fits = plain and X.ndim == 2 and X.shape[1] == len(self.names)
            return list(X.T) if fits and len(X) else None
        if isinstance(X, dict):
            X = [X]
        if isinstance(X, list):
            return self._values_of_dicts(X)
        if not isinstance(X, pd.DataFrame) or not len(X):
            return None
        try:
            if not X.columns.equals(self.index):
                return None
            if len(X) <= FEW_ROWS:
                rows = [X.iloc[i].tolist() for i in range(len(X))]
                return [list(column) for column in zip(*rows, strict=True)]
        except ValueError:
            # Dates of several resolutions may have none in common.
            return None
        return [_values_of(column) for _, column in X.items()]

    def _values_of_dicts(self, X: list[Any]) -> list[Values] | None:
        n_columns = len(self.names)
        fits = all(isinstance(row, dict) and len(row) == n_columns for row in X)
        if not X or not fits:
            return None
        try:
            return [[row[name] for row in X] for name in self.names]
        except KeyError:
            return None


def _values_of(column: pd.Series) -> Values:
    if isinstance(column.dtype, np.dtype) and column.dtype != object:
        return column.to_numpy()
    # Finding distinct values in pandas has a fixed cost.
    return column if len(column) > _LISTED_ROWS else column.tolist()


def compile_chain(est: Any) -> CompiledChain | None:
    """Return the compiled chain of a fitted estimator.

    Parameters
    ----------
    est : WinduEstimator
        Fitted.

    Returns
    -------
    CompiledChain or None
        The same for all estimators that differ in the model only. None for custom
        parts, and if the matrix would not have the same bits.
    """
    if est._swapped:
        # Features of a replaced featurizer are validated as a table.
        return None
    schema, featurizer = est._table_schema, est.featurizer_
    checked = est.schema is not None
    own_schema = user_check(est.schema, schema)
    if own_schema is not None and not est._named:
        return None
    if checked and _looks_at_values(schema):
        return None
    if type(featurizer) is AutoFeaturizer:
        if featurizer.schema_ != schema or featurizer.text_lengths:
            return None
        names = featurizer.get_feature_names_out().tolist()
    elif featurizer is None and checked and set(schema.dtypes) == {"float64"}:
        names = [str(name) for name in schema.names]
    else:
        return None
    encoders = [column_encoder(column, checked) for column in schema.columns]
    columns = [encoder for encoder in encoders if encoder is not None]
    encode = matrix_encoder(est.transformer_, names)
    if encode is None or len(columns) < len(encoders):
        return None
    rows = CompiledChain(schema, est._named, own_schema, columns, encode)
    return rows if _is_proven(rows, est) else None


def chain_of(est: Any, n_rows: int = 1) -> CompiledChain | None:
    """Return the compiled chain of a fitted estimator, compiled once.

    Parameters
    ----------
    est : WinduEstimator
        Fitted.
    n_rows : int, default=1
        Number of rows to encode. A first table of a size that is encoded faster than
        the chain is compiled, as in cross-validation, is left to the fitted parts.

    Returns
    -------
    CompiledChain or None
        As from `compile_chain`, again after a part was replaced or fitted anew.
    """
    stamp = _stamp(est)
    compiled = _COMPILED.get(est)
    if compiled is None or not _same(compiled[0], stamp):
        if FEW_ROWS < n_rows < _MANY_ROWS and est not in _USED:
            _USED.add(est)
            return None
        # Concurrent threads may both compile; the results are equal.
        compiled = _COMPILED[est] = (stamp, compile_chain(est))
    return compiled[1]


def _looks_at_values(schema: TableSchema) -> bool:
    """Tell whether the schema warns of differences that are accepted by default."""
    return any(
        schema.action(difference, column) not in ("ignore", "cast")
        for column in schema.columns
        for difference in ("dtype", "null", "level", "range")
    )


def _stamp(est: Any) -> list[Any]:
    """Return the objects that were compiled, to be compared by identity."""
    state = vars(est)
    stamp = [est.schema, state["_named"], output_is_default(est)]
    pandera_schema = pandera_schema_of(est.schema)
    if pandera_schema is not None:
        stamp += stamp_of(pandera_schema)
    for name, attributes in _WATCHED.items():
        part = state[name]
        stamp.append(part)
        stamp += [getattr(part, attribute, None) for attribute in attributes]
    model = state["model_"]
    stamp.append(model)
    # Other models predict themselves, whatever has changed in them.
    if type(model) in QUICK_TYPES:
        stamp += vars(model).values()
    return stamp


def _same(first: Sequence[Any], second: Sequence[Any]) -> bool:
    return len(first) == len(second) and all(map(is_, first, second))


def _is_proven(rows: CompiledChain, est: Any) -> bool:
    """Tell whether example rows have the matrix that the fitted parts give.

    Other versions of scikit-learn may compute otherwise; then nothing is compiled.
    """
    frame = est.example_.head(_N_PROOFS)
    try:
        # Parsers of the user's schema have already run on these rows.
        rows.proofs = est._matrix_of_valid(conform(frame, est._table_schema))
    except SchemaError:
        # The example holds texts in place of values that JSON lacks, such as decimals.
        return False
    tables = [slice(i, i + 1) for i in range(len(frame))] + [slice(None)]
    for part in tables:
        table = frame.iloc[part]
        values = rows._values(table if est._named else table.to_numpy())
        matrix = None if values is None else rows._encode(values)
        if matrix is not None and not _same_bits(matrix, rows.proofs[part]):
            return False
    return True


def _same_bits(first: np.ndarray, second: np.ndarray) -> bool:
    return first.dtype == second.dtype and np.array_equal(first, second, equal_nan=True)
