"""One row on a short way: the computation of the whole table, without the table.

For one row a frame, a `ColumnTransformer` and their checks cost fifty times what the
model costs. The short way is compiled from the fitted parts on first use. It takes
clean rows only; whatever has to be cast, warned of or refused goes the ordinary way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from operator import is_
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)

from windu._compat.boosting import boosting_of_row
from windu._compat.sklearn import output_is_default
from windu.components._row_features import Decline, features_of_value, transform_of_row
from windu.components.blend import BoostedBlendClassifier, BoostedBlendRegressor
from windu.components.featurizers import AutoFeaturizer
from windu.exceptions import SchemaError
from windu.io.frames import as_frame
from windu.schema.columns import TableSchema
from windu.schema.compiled import KnownLevels, known_levels
from windu.schema.user.check import UserCheck, stamp_of, user_check
from windu.schema.user.given import pandera_schema_of

__all__ = [
    "QUICK_TYPES",
    "CompiledRows",
    "compile_features",
    "compile_model",
    "compile_rows",
    "has_few_rows",
    "model_of_row",
    "rows_of",
]

#: Of more rows a frame and scikit-learn's transformer are as quick as one by one.
MAX_ROWS = 50

_BLENDS = (BoostedBlendClassifier, BoostedBlendRegressor)
#: Models of which `model_of_row` makes a copy.
QUICK_TYPES = (
    *_BLENDS,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)


def model_of_row(model: Any) -> Any:
    """Return what predicts the same as a model, and is quick for one row.

    Parameters
    ----------
    model : estimator
        Fitted.

    Returns
    -------
    estimator
        For matrices of shape (1, n_features) of float64 that need no validation; the
        model itself where no shorter way is known.
    """
    if type(model) in _BLENDS:
        quick = copy(model)
        quick.booster_ = boosting_of_row(model.booster_)
        quick._blend = quick._mix
        return quick
    return boosting_of_row(model)


#: On so many rows of the training table the short way must prove itself.
_N_PROOFS = 5

#: What changes when a part is fitted again, or its schema edited.
_WATCHED = {
    "_table_schema": ("columns", "tolerance"),
    "featurizer_": ("schema_",),
    "transformer_": ("transformers_",),
}

# Beside the estimators, not in them: what is compiled is never copied or stored.
_COMPILED: WeakKeyDictionary[Any, tuple[Sequence[Any], CompiledRows | None]]
_COMPILED = WeakKeyDictionary()


class CompiledRows:
    """The short way of one fitted estimator.

    Parameters
    ----------
    schema : TableSchema
        Of the table of training.
    named : bool
        Whether training had names; rows without names are then not taken.
    asked : UserCheck or None
        What a user's schema asks for; it is asked about the table of these rows.
    features : list of callable
        One a column, from a value to its features.
    transform : callable
        From all features to the numbers of the matrix.

    Attributes
    ----------
    model : estimator or None
        What predicts from the matrix; None until `compile_model` has found it.
    proofs : ndarray of shape (n_proofs, n_features_out)
        Rows of training on the ordinary way.
    proven : set of type
        Types of models that gave the same bits for these rows on both ways; the set
        is common to all models that `compile_model` was asked for.
    """

    def __init__(
        self,
        schema: TableSchema,
        named: bool,
        own_schema: UserCheck | None,
        features: list[Callable[[Any], list[Any]]],
        transform: Callable[[Any], list[float]],
    ):
        self.names = schema.names
        self.columns = pd.Index(self.names)
        self.named = named
        self.asked = own_schema
        self.features = features
        self.transform = transform
        known = [(at, known_levels(column)) for at, column in enumerate(schema.columns)]
        self.levels = [(at, levels) for at, levels in known if levels is not None]
        self.model: Any = None
        self.proofs = np.empty((0, 0))
        self.proven: set[type] = set()

    def matrix(self, X: Any) -> np.ndarray | None:
        """Return the matrix for the model, or None if a row is not a clean case.

        Parameters
        ----------
        X : table of few rows
            A frame, a dict, a list of dicts; an array for arrays.

        Returns
        -------
        ndarray of shape (n_rows, n_features_out) or None
            Bit by bit what the ordinary way gives.
        """
        rows = self._values(X if self.asked is None else self._checked(X, self.asked))
        if rows is None:
            return None
        if any(self._mostly_unknown(rows, *levels) for levels in self.levels):
            # That is told, by the ordinary way.
            return None
        numbers = []
        try:
            for values in rows:
                row: list[Any] = []
                for feature_of, value in zip(self.features, values, strict=True):
                    row += feature_of(value)
                numbers.append(self.transform(row))
        except Decline:
            return None
        # A product of matrices rounds by how they lie in memory: as they do otherwise.
        order: Any = "F" if self.proofs.flags.fnc else "C"
        matrix = np.array(numbers, dtype=np.float64, order=order)
        # Of an overflow numpy warns on the ordinary way.
        return None if np.isinf(matrix).any() else matrix

    def _mostly_unknown(
        self, rows: Sequence[Sequence[Any]], position: int, known: KnownLevels
    ) -> bool:
        if len(rows) < known.min_rows:
            return False
        texts = [values[position] for values in rows if type(values[position]) is str]
        n_known = sum(map(known.levels.__contains__, texts))
        # Empty texts, which are missing, count as unknown: at most one decline more.
        return n_known < len(texts) * known.share / 2

    def _checked(self, X: Any, own_schema: UserCheck) -> pd.DataFrame | None:
        frame = as_frame(X)
        if not 0 < len(frame) <= MAX_ROWS:
            return None
        frame, report = own_schema.compare(frame, everything=False)
        return None if report.differences else frame

    def _values(self, X: Any) -> Sequence[Sequence[Any]] | None:
        """Return the values of each row, or None for other forms and columns."""
        if not self.named:
            plain = isinstance(X, np.ndarray) and X.dtype.char in "bhilqBHILQfd"
            fits = plain and X.ndim == 2 and X.shape[1] == len(self.names)
            return X.tolist() if fits else None
        if isinstance(X, dict):
            X = [X]
        if isinstance(X, list):
            return self._values_of_dicts(X)
        if not isinstance(X, pd.DataFrame):
            return None
        try:
            if not X.columns.equals(self.columns):
                return None
            if len(X) == 1:
                return [X.iloc[0].tolist()]
        except ValueError:
            # Dates of several resolutions may have none in common.
            return None
        return list(zip(*(column.tolist() for _, column in X.items()), strict=True))

    def _values_of_dicts(self, X: list[Any]) -> list[list[Any]] | None:
        rows = []
        for row in X:
            if not isinstance(row, dict) or len(row) != len(self.names):
                return None
            try:
                rows.append([row[name] for name in self.names])
            except KeyError:
                return None
        return rows


def has_few_rows(X: Any) -> bool:
    """Tell whether a table may have a short way.

    Parameters
    ----------
    X : table
        As taken by `predict`.

    Returns
    -------
    bool
        True for a dict also where it holds columns.
    """
    if isinstance(X, (pd.DataFrame, np.ndarray, list)):
        # An array of no dimension has no length.
        return getattr(X, "ndim", 1) > 0 and 0 < len(X) <= MAX_ROWS
    return isinstance(X, dict)


def compile_rows(est: Any) -> CompiledRows | None:
    """Return the short way of a fitted estimator.

    Parameters
    ----------
    est : WinduEstimator
        Fitted.

    Returns
    -------
    CompiledRows or None
        None for parts of a user's own, and wherever it would not give the same bits.
    """
    rows = compile_features(est)
    return None if rows is None else compile_model(rows, est)


def compile_features(est: Any) -> CompiledRows | None:
    """Return the short way as far as the matrix.

    Parameters
    ----------
    est : WinduEstimator
        Fitted.

    Returns
    -------
    CompiledRows or None
        The same for all estimators that have all but the model in common.
    """
    if est._swapped:
        # Features are compared with those of training, as a table.
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
    makers = [features_of_value(column, checked) for column in schema.columns]
    features = [maker for maker in makers if maker is not None]
    transform = transform_of_row(est.transformer_, names)
    if transform is None or len(features) < len(makers):
        return None
    rows = CompiledRows(schema, est._named, own_schema, features, transform)
    return rows if _is_proven(rows, est) else None


def compile_model(rows: CompiledRows, est: Any) -> CompiledRows | None:
    """Return the short way with the model of an estimator.

    Parameters
    ----------
    rows : CompiledRows
        As far as the matrix; not changed.
    est : WinduEstimator
        Fitted.

    Returns
    -------
    CompiledRows or None
        None where the model would not give the same bits.
    """
    rows = copy(rows)
    rows.model = model_of_row(est.model_)
    if rows.model is est.model_ or type(est.model_) in rows.proven:
        return rows
    method = "predict_proba" if hasattr(est.model_, "classes_") else "predict"
    for row in rows.proofs:
        methods = [getattr(model, method) for model in (rows.model, est.model_)]
        if not _same_bits(*(output_of(row[np.newaxis]) for output_of in methods)):
            return None
    rows.proven.add(type(est.model_))
    return rows


def rows_of(est: Any) -> CompiledRows | None:
    """Return the short way of a fitted estimator, compiled on first use.

    Parameters
    ----------
    est : WinduEstimator
        Fitted.

    Returns
    -------
    CompiledRows or None
        As from `compile_rows`, again after a part was replaced or fitted anew.
    """
    stamp = _stamp(est)
    compiled = _COMPILED.get(est)
    if compiled is None or not _same(compiled[0], stamp):
        # Threads that come at the same time compile the same.
        compiled = _COMPILED[est] = (stamp, compile_rows(est))
    return compiled[1]


def _looks_at_values(schema: TableSchema) -> bool:
    """Tell whether somebody asked to hear of differences that are fine by default."""
    return any(
        schema.action(difference, column) not in ("ignore", "cast")
        for column in schema.columns
        for difference in ("dtype", "null", "level", "range")
    )


def _stamp(est: Any) -> list[Any]:
    """Return what the short way was made of, to be compared by identity."""
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
    # Other models are asked themselves, whatever they have become.
    if type(model) in QUICK_TYPES:
        stamp += vars(model).values()
    return stamp


def _same(first: Sequence[Any], second: Sequence[Any]) -> bool:
    return len(first) == len(second) and all(map(is_, first, second))


def _is_proven(rows: CompiledRows, est: Any) -> bool:
    """Tell whether rows of training come out as on the ordinary way.

    Other versions of scikit-learn may compute otherwise; then nothing is compiled.
    """
    frame = est.example_.head(_N_PROOFS)
    try:
        rows.proofs = est._matrix(frame if est._named else frame.to_numpy())[0]
    except SchemaError:
        # The example holds texts for what JSON cannot say, such as decimals.
        return False
    for i, right in enumerate(rows.proofs):
        row = frame.iloc[[i]]
        matrix = rows.matrix(row if est._named else row.to_numpy())
        if matrix is not None and not _same_bits(matrix, right[np.newaxis]):
            return False
    return True


def _same_bits(first: np.ndarray, second: np.ndarray) -> bool:
    return first.dtype == second.dtype and np.array_equal(first, second, equal_nan=True)
