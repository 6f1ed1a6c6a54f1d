"""Methods of a pipeline around its fitted or stored estimator."""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
from sklearn.exceptions import NotFittedError

from windu.estimator import WinduEstimator
from windu.estimator.digests import digest_of
from windu.exceptions import (
    DataWarning,
    PartError,
    StepError,
    WinduWarning,
    did_you_mean,
)
from windu.metastore.cache import Tested
from windu.pipeline.evaluation import evaluate, options_of
from windu.pipeline.prediction import PredictionPipeline
from windu.pipeline.result import PipelineResult
from windu.pipeline.runner import Done
from windu.pipeline.scoring import predictions
from windu.pipeline.steps import as_columns, predict_held_back
from windu.steps import PARTS

__all__ = ["FittedPipeline", "SingleSteps", "count_test", "tell_alarms"]


class FittedPipeline:
    """The methods of `TrainingPipeline` that use a fitted estimator."""

    result_: PipelineResult
    _settings: dict[str, Any]
    _fitted: WinduEstimator | None
    _stored: str | None
    _before: WinduEstimator | None
    _place: Any

    run: Callable[..., PipelineResult]
    set: Callable[..., Any]
    _held_back: Callable[[], Mapping[str, tuple[Any, Any]]]

    @property
    def estimator_(self) -> WinduEstimator:
        """The fitted estimator: that of the stored run, else of the last whole run."""
        if self._fitted is None:
            raise NotFittedError(
                "The pipeline must have been run, or be made by from_run. Call run()."
            )
        return self._fitted

    def predict(self, X: Any = None) -> Any:
        """Predict with the fitted estimator; train only if there is none.

        Parameters
        ----------
        X : table, default=None
            New rows; None gives target and predictions of what was held back, one
            table a part.

        Returns
        -------
        ndarray or dict of str to DataFrame
            As `WinduEstimator.predict`.
        """
        if self._fitted is None:
            self.run(until="assemble")
        if X is None:
            return predict_held_back(self.estimator_, self._held_back())
        return self.estimator_.predict(X)

    def replace(self, **parts: Any) -> pd.DataFrame:
        """Replace parts of the fitted estimator without training.

        Parameters
        ----------
        **parts : dict
            As `WinduEstimator.replace` takes them: ``featurizer=...``.

        Returns
        -------
        DataFrame
            One row a score of what is held back, with columns ``before``, ``after``
            and ``difference``; ``changed`` is the share of rows that are predicted
            otherwise, which `changes` lists.

        Raises
        ------
        PartError
            If the parts do not fit the stored example.
        """
        for name in parts:
            if name not in PARTS:
                raise PartError(
                    f"What is replaced must be one of {list(PARTS)}. Got "
                    f"{name!r}.{did_you_mean(name, PARTS)}"
                )
        before, held_back = self.estimator_, self._held_back()
        after = before.replace(**parts)
        score_names, _ = options_of(self._settings["evaluate"])
        scores = [
            evaluate(estimator, held_back, score_names) for estimator in (before, after)
        ]
        rows = {
            name: [estimator[name] for estimator in scores]
            for name in scores[0]
            if "." in name
        }
        for part, (X, _) in held_back.items():
            old, new = predictions(before, X, False), predictions(after, X, False)
            changed = (old != new).to_numpy().any(axis=1)
            rows[f"{part}.changed"] = [0.0, float(changed.mean())]
        self.set(**parts)
        self._fitted, self._before = after, before
        table = pd.DataFrame.from_dict(
            rows, orient="index", columns=["before", "after"], dtype=float
        )
        return table.assign(difference=table["after"] - table["before"])

    def changes(self) -> pd.DataFrame:
        """Return the held-out rows whose prediction changed by `replace`.

        Returns
        -------
        DataFrame
            Indexed by ``part`` and ``row``: the target, and each prediction and
            probability ``before`` and ``after``, side by side.

        Raises
        ------
        StepError
            If nothing was replaced.
        """
        if self._before is None:
            raise StepError("Changes are those since replace. Got none. Call replace.")
        held_out, estimators = self._held_back(), (self._before, self.estimator_)
        before, after = (
            predict_held_back(estimator, held_out) for estimator in estimators
        )
        tables = {}
        for part, old in before.items():
            n_targets = len(as_columns(held_out[part][1]).columns)
            target, old = old.iloc[:, :n_targets], old.iloc[:, n_targets:]
            new = after[part].iloc[:, n_targets:]
            is_prediction = old.columns.str.startswith("prediction")
            moved = (old.loc[:, is_prediction] != new.loc[:, is_prediction]).any(
                axis="columns"
            )
            held_columns = {(name, "target"): target[name] for name in target}
            pairs = {
                (name, when): table[name]
                for name in old.columns
                for when, table in (("before", old), ("after", new))
            }
            columns = pd.DataFrame(held_columns | pairs)
            tables[part] = columns[moved]
        return pd.concat(tables, names=["part", "row"])

    def to_prediction(self, **settings: Any) -> PredictionPipeline:
        """Return a pipeline that predicts new tables with the fitted estimator.

        Parameters
        ----------
        **settings : dict
            Those of `PredictionPipeline`: ``keep=["customer_id"]``.

        Returns
        -------
        PredictionPipeline
            With the stored run, where there is one; else with the estimator.
        """
        stored = self.result_.run if hasattr(self, "result_") else self._stored
        if stored is not None and self._place is not None:
            reference = getattr(stored, "reference", stored)
            settings = {"metastore": self._place, **settings}
            return PredictionPipeline(reference, **settings)
        return PredictionPipeline(self.estimator_, **settings)


class SingleSteps:
    """One method per step; each runs the steps that it needs and that have changed."""

    def _value_of(self, step: str) -> Any:
        raise NotImplementedError

    def load(self) -> Any:
        """Return the table as it is read."""
        return self._value_of("load")

    def preprocess(self) -> Any:
        """Return the table before it is split."""
        return self._value_of("preprocess")

    def split(self) -> Any:
        """Return the training rows without the target."""
        return self._value_of("split")

    def infer_schema(self) -> Any:
        """Return the schema of the training rows."""
        return self._value_of("infer_schema")

    def describe(self) -> Any:
        """Return the statistics of the rows, with alarms where the target leaks."""
        return self._value_of("describe")

    def featurize(self) -> Any:
        """Return the features."""
        return self._value_of("featurize")

    def fit_label_encoder(self) -> Any:
        """Return the fitted label encoder."""
        return self._value_of("fit_label_encoder")

    def encode(self) -> Any:
        """Return the encoded target."""
        return self._value_of("encode")

    def fit_transformer(self) -> Any:
        """Return the fitted transformer."""
        return self._value_of("fit_transformer")

    def transform(self) -> Any:
        """Return the matrix for the model."""
        return self._value_of("transform")

    def fit_model(self) -> Any:
        """Return the fitted model."""
        return self._value_of("fit_model")

    def select_threshold(self) -> Any:
        """Return the fitted threshold selector."""
        return self._value_of("select_threshold")

    def evaluate(self) -> Any:
        """Return the scores of the held-out rows."""
        return self._value_of("evaluate")


def tell_alarms(stats: Mapping[str, Any], done: Sequence[Done]) -> None:
    """Warn of each alarm, unless the statistics are still in memory."""
    if any(
        step_done.step == "describe" and step_done.state == "kept" for step_done in done
    ):
        return
    for alarm in stats.get("alarms", []):
        warnings.warn(alarm["message"], DataWarning, stacklevel=3)


def count_test(tested: Tested, rows: tuple[Any, Any], fitted: str | None) -> int:
    """Return how many fitted estimators these test rows have been shown to.

    Parameters
    ----------
    tested : Tested
        Counts them.
    rows : tuple of (DataFrame, target)
        The test part.
    fitted : str or None
        The key of the estimator; without one it counts as a new one.

    Returns
    -------
    int
        With a warning from the second on.
    """
    key = digest_of(*rows) or "unknown"
    count = tested.count(key, fitted or secrets.token_hex(32))
    if count > 1:
        warnings.warn(
            f"The test rows must be used once. They have been shown to {count} "
            "different estimators: the best of them looks better than it is. "
            "Choose by dev rows or by cross-validation.",
            WinduWarning,
            stacklevel=3,
        )
    return count
