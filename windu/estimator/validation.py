"""`WinduEstimator.validate`: all differences of a table from that of training."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import check_is_fitted

from windu.estimator.prediction import featurize, read_named
from windu.schema.check import compare
from windu.schema.columns import TableSchema
from windu.schema.report import ValidationReport
from windu.schema.user_schema import (
    check_with_pandera,
    has_own_checks,
    pandera_schema_of,
)

__all__ = ["Validation"]


class Validation:
    """The part of `WinduEstimator` that compares tables."""

    schema: Any
    featurizer_: Any
    _table_schema: TableSchema
    _feature_table_schema: TableSchema
    _named: bool

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
            For names of columns that occur twice.
        """
        check_is_fitted(self)
        frame = read_named(X, self._table_schema, self._named)
        conformed, report = compare(frame, self._table_schema)
        given = pandera_schema_of(self.schema)
        if report.ok and given is not None and has_own_checks(given):
            conformed, failed = check_with_pandera(conformed, given, self._table_schema)
            differences = [*report.differences, *failed]
            report = ValidationReport(differences, report.n_rows, report.drift)
        if not features or not report.ok:
            return report
        made = featurize(conformed, self.featurizer_)
        return compare(made, self._feature_table_schema)[1]
