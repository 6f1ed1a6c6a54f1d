"""`WinduEstimator.validate`: all differences of a table from that of training."""

from __future__ import annotations

from typing import Any, Self

from sklearn.utils.validation import check_is_fitted

from windu.estimator.prediction import features_of, featurize, read_named
from windu.exceptions import PersistenceError, SchemaError
from windu.io.frames import surrogates_refused
from windu.schema.check import compare
from windu.schema.columns import TableSchema
from windu.schema.report import ValidationReport
from windu.schema.user.check import user_check
from windu.schema.user.given import pandera_schema_of
from windu.schema.user.stored import StoredSchema, from_json, to_json

__all__ = ["Validation"]


class Validation:
    """The part of `WinduEstimator` that compares tables."""

    schema: Any
    featurizer_: Any
    _table_schema: TableSchema
    _feature_table_schema: TableSchema
    _named: bool
    _swapped: bool

    @surrogates_refused()
    def validate(self, X: Any, *, features: bool = False) -> ValidationReport:
        """Report every difference of a table from the schema of training.

        Nothing is raised for what `predict` would refuse; see
        `ValidationReport.raise_for_errors`.

        Parameters
        ----------
        X : table of shape (n_samples, n_columns)
            As in `predict`.
        features : bool, default=False
            Whether to compare what the featurizer makes of it instead, with
            ``feature_schema_``.

        Returns
        -------
        ValidationReport
            All differences, also those that are accepted, and drift scores.

        Raises
        ------
        SchemaError
            For names of columns that are neither texts nor whole numbers.
        """
        check_is_fitted(self)
        try:
            frame = read_named(X, self._table_schema, self._named)
        except SchemaError as error:
            # Without names, another number of columns is all that can be said.
            return error.report
        own_schema = user_check(self.schema, self._table_schema)
        if own_schema is None:
            conformed, report = compare(frame, self._table_schema)
        else:
            conformed, report = own_schema.compare(frame)
        if not features or not report.ok:
            return report
        if self._swapped:
            features_made = features_of(conformed, self.featurizer_)
        else:
            features_made = featurize(conformed, self.featurizer_, None)
        return compare(features_made, self._feature_table_schema)[1]

    # A schema of pandera is stored as one text, for pickle, joblib and skops alike.
    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()  # type: ignore[assignment]
        if isinstance(self.schema, (str, dict, type(None))):
            return state
        try:
            pandera_schema = pandera_schema_of(self.schema)
            stored = (
                None
                if pandera_schema is None
                else StoredSchema(to_json(pandera_schema))
            )
        except (PersistenceError, SchemaError):
            # Checks that are code: pickle may know how, save says why not.
            return state
        return state if stored is None else state | {"schema": stored}

    def __setstate__(self, state: dict[str, Any]) -> None:
        stored = state.get("schema")
        if isinstance(stored, StoredSchema):
            state = state | {"schema": from_json(stored.json)}
        super().__setstate__(state)  # type: ignore[misc]

    def __copy__(self) -> Self:
        copied = type(self).__new__(type(self))
        vars(copied).update(vars(self))
        return copied
