"""`AutoFeaturizer`: raw columns to features that a transformer can use."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from windu._compat.bases import BaseEstimator, TransformerMixin
from windu._compat.sklearn import fit_context
from windu.exceptions import FeatureError
from windu.io.frames import as_frame, check_not_empty, named_columns
from windu.schema import kinds
from windu.schema.check import conform
from windu.schema.columns import ColumnSchema, TableSchema
from windu.schema.dates import days_of, usable_dates
from windu.schema.inference import infer_column, infer_table
from windu.schema.names import check_columns
from windu.schema.numbers import parse_numbers
from windu.schema.report import warn_of_dropped

__all__ = ["AutoFeaturizer"]

_FIELDS = ("year", "month", "day", "day_of_week", "day_of_year")


def part_names(column: ColumnSchema) -> list[str]:
    """Return the names of the parts that a date column is split into.

    Parameters
    ----------
    column : ColumnSchema
        A column of kind datetime.

    Returns
    -------
    list of str
        Hours only where dates have a time of day.
    """
    hour = ["hour"] if column.has_time else []
    return [*_FIELDS, *hour, "elapsed"]


def date_parts(column: ColumnSchema, dates: pd.Series) -> list[np.ndarray]:
    """Return the parts of dates as float64, NaN where a date is missing.

    Parameters
    ----------
    column : ColumnSchema
        A column of kind datetime; elapsed days count from its minimum.
    dates : pandas.Series of datetime64
        Without time zone.

    Returns
    -------
    list of ndarray of shape (n_samples,)
        In the order of `part_names`.
    """
    parts = [getattr(dates.dt, name).to_numpy("float64") for name in _FIELDS]
    if column.has_time:
        minutes = dates.dt.hour * 60 + dates.dt.minute
        parts.append(minutes.to_numpy("float64") / 60)
    return [*parts, days_of(dates, pd.Timestamp(str(column.minimum)))]


_DROPPED = ("identifier", "constant", "unsupported")
_TEXTS = ("categorical", "high-cardinality", "text")
_LONG_TEXTS = ("high-cardinality", "text")
_LENGTHS = ("characters", "words")


class AutoFeaturizer(TransformerMixin, BaseEstimator):
    """Turn raw columns into features by their kind.

    Dates (also as texts) become parts and the time elapsed since the earliest
    training date, numbers as texts become numbers, booleans and texts are kept,
    identifiers and constants are dropped. What was done, and why, stands in
    `report_`.

    Parameters
    ----------
    text_lengths : bool, default=False
        Whether texts and columns of many levels also give the number of their
        characters and of their words.

    Attributes
    ----------
    schema_ : TableSchema
        Kinds of the columns seen in `fit`.
    report_ : pandas.DataFrame
        One row a column: column, kind, action, features, why.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in `fit`, where all are texts.

    Examples
    --------
    >>> import pandas as pd
    >>> from windu import AutoFeaturizer
    >>> X = pd.DataFrame({"day": ["2024-01-31", "2024-02-01"], "size": ["1.5", "2"]})
    >>> AutoFeaturizer().fit_transform(X)[["day_month", "day_elapsed", "size"]]
       day_month  day_elapsed  size
    0        1.0          0.0   1.5
    1        2.0          1.0   2.0
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {"text_lengths": ["boolean"]}
    # Default for estimators that were stored before this parameter existed.
    text_lengths = False

    def __init__(self, *, text_lengths: bool = False):
        self.text_lengths = text_lengths

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None, *, schema: TableSchema | None = None) -> Any:
        """Infer the kinds of the columns.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            Raw columns.
        y : ignored
            For scikit-learn's sake.
        schema : TableSchema, default=None
            The kinds of the columns of `X`, where they are known already.

        Returns
        -------
        AutoFeaturizer
            The fitted featurizer.

        Raises
        ------
        FeatureError
            If no column is left.
        """
        frame = as_frame(X)
        if schema is None:
            check_not_empty(frame, "AutoFeaturizer")
            check_columns(frame)
            schema = infer_table(frame)
        self.schema_ = schema
        self.n_features_in_ = len(schema.columns)
        self.__dict__.pop("feature_names_in_", None)
        if named_columns(X) and all(isinstance(name, str) for name in schema.names):
            self.feature_names_in_ = np.array(schema.names, dtype=object)
        if not len(self.get_feature_names_out()):
            raise FeatureError(
                "At least one column must be usable as a feature. Got none: "
                + "; ".join(f"{c.name!r} is {c.kind} ({c.why})" for c in schema.columns)
                + ". Pass featurizer=None to keep every column, or another featurizer."
            )
        warn_of_dropped(c for c in schema.columns if c.kind in _DROPPED)
        return self

    def transform(self, X: Any) -> pd.DataFrame:
        """Return the features.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            Raw columns.

        Returns
        -------
        pandas.DataFrame of shape (n_samples, n_features)
            float64 for numbers and date parts, object for texts, with the index of
            `X`; a missing value is NaN.

        Raises
        ------
        SchemaError
            If columns of training are missing or changed their meaning.
        """
        check_is_fitted(self)
        frame = as_frame(X)
        if not named_columns(X) and frame.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {frame.shape[1]} features, but AutoFeaturizer is expecting "
                f"{self.n_features_in_} features as input."
            )
        if not named_columns(X):
            frame = frame.set_axis(self.schema_.names, axis=1)
        return self.featurize(conform(frame, self.schema_))

    def featurize(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the features of a frame that is known to fit `schema_`.

        Parameters
        ----------
        frame : pandas.DataFrame of shape (n_samples, n_columns)
            Columns, order and dtypes of training.

        Returns
        -------
        pandas.DataFrame of shape (n_samples, n_features)
            As from `transform`.
        """
        columns_made: dict[str, Any] = {}
        names = self._names()
        for position, column in enumerate(self.schema_.columns):
            if column.kind not in _DROPPED:
                features = _features_of(column, frame.iloc[:, position])
                if self._has_lengths(column):
                    features += _lengths(features[0])
                columns_made.update(zip(names[position], features, strict=True))
        rows = pd.RangeIndex(len(frame))
        return pd.DataFrame(columns_made, index=rows, copy=False).set_axis(frame.index)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the features.

        Parameters
        ----------
        input_features : ignored
            For scikit-learn's sake.

        Returns
        -------
        ndarray of shape (n_features,)
            Texts.
        """
        check_is_fitted(self)
        names = [name for names in self._names() for name in names]
        return np.array(names, dtype=object)

    def feature_table_schema(self, features: pd.DataFrame) -> TableSchema:
        """Return the schema of the features, with the levels of the raw columns.

        Parameters
        ----------
        features : pandas.DataFrame of shape (n_samples, n_features)
            What `featurize` made of the training table.

        Returns
        -------
        TableSchema
            Kinds and levels are those of the raw columns.
        """
        columns = []
        for column, names in zip(self.schema_.columns, self._names(), strict=True):
            for name in names:
                if column.kind in _TEXTS and name == names[0]:
                    as_text = {"name": name, "dtype": "object", "storage": "text"}
                    columns.append(column.model_copy(update=as_text))
                elif column.kind == "numeric":
                    as_number = {"name": name, "dtype": "float64", "storage": "numeric"}
                    columns.append(column.model_copy(update=as_number))
                else:
                    columns.append(infer_column(features[name]))
        return TableSchema(columns)

    @property
    def report_(self) -> pd.DataFrame:
        """One row a column: column, kind, action, features, why."""
        check_is_fitted(self)
        return pd.DataFrame(
            [
                {
                    "column": column.name,
                    "kind": column.kind,
                    "action": _action_of(column),
                    "features": ", ".join(names),
                    "why": column.why,
                }
                for column, names in zip(
                    self.schema_.columns, self._names(), strict=True
                )
            ]
        )

    def _has_lengths(self, column: ColumnSchema) -> bool:
        return self.text_lengths and column.kind in _LONG_TEXTS

    def _names(self) -> list[list[str]]:
        """Return the names of the features, a list a column."""
        columns = self.schema_.columns
        parts = [
            [f"{column.name}_{part}" for part in part_names(column)]
            if column.kind == "datetime"
            else [f"{column.name}_{part}" for part in _LENGTHS]
            if self._has_lengths(column)
            else []
            for column in columns
        ]
        names_by_column = [
            [] if column.kind in (*_DROPPED, "datetime") else [str(column.name)]
            for column in columns
        ]
        used_names = {name for names in names_by_column for name in names}
        for names_of_part in parts:
            for position, name in enumerate(names_of_part):
                # A table may have a column of this name already.
                while name in used_names:
                    name += "_"
                used_names.add(name)
                names_of_part[position] = name
        return [
            [*own, *names_of_part]
            for own, names_of_part in zip(names_by_column, parts, strict=True)
        ]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags


def _action_of(column: ColumnSchema) -> str:
    if column.kind in _DROPPED:
        return "dropped"
    if column.kind == "datetime":
        return "to date parts and elapsed days"
    if column.kind == "numeric" and column.storage != "numeric":
        return "to number"
    return "kept"


def _dates_of(column: ColumnSchema, values: pd.Series) -> pd.Series:
    if column.storage == "text":
        values = kinds.as_texts(values)
    return usable_dates(values, column.date_format)


def _features_of(column: ColumnSchema, values: pd.Series) -> list[Any]:
    """Return one column a feature; a missing value is NaN in all of them."""
    if column.kind == "datetime":
        return date_parts(column, _dates_of(column, values))
    if column.kind == "numeric" and column.storage == "text":
        return [parse_numbers(kinds.as_texts(values)).to_numpy()]
    if column.kind in ("numeric", "boolean"):
        return [kinds.as_numbers(values)]
    # A missing level is a level of its own; a missing text is empty.
    missing = "" if column.kind == "text" else np.nan
    # One object per level: pandas would create a new text for each cell.
    if values.dtype == object:
        # Different types may be equal, such as True and 1.
        values = kinds.as_texts(values)
    codes, distinct = pd.factorize(values)
    levels = kinds.as_texts(pd.Series(distinct)).to_numpy()
    texts = np.append(levels, np.array([missing], dtype=object))[codes]
    # A Series keeps dtype object, where pandas 3 makes an array of texts a `str`.
    return [pd.Series(texts, dtype=object)]


def _lengths(texts: pd.Series) -> list[Any]:
    """Return the numbers of characters and of words; NaN for what is missing."""
    codes, distinct = pd.factorize(texts)
    counts = [[float(len(text)), float(len(text.split()))] for text in distinct]
    counts.append([np.nan, np.nan])
    return list(np.array(counts, dtype=np.float64)[codes].T)
