"""The steps of a training pipeline: those of `WinduEstimator.fit` and others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import pandas as pd
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator

from windu._compat.sklearn import openmp_threads
from windu.components.registry import StoredPart
from windu.estimator.digests import IDLE, digest_of
from windu.estimator.fitting import FIT_STEPS, FitInputs, Fitted, fit_inputs
from windu.estimator.prediction import conformed_features
from windu.evaluation import describe_data
from windu.exceptions import (
    FeatureSchemaError,
    PartError,
    StepError,
    TableError,
    did_you_mean,
)
from windu.io.tables import columns_of, read_table, source_digest
from windu.metastore import Metastore, StoredRun
from windu.persistence.format.artifacts import read_schema
from windu.persistence.format.runs import Run
from windu.persistence.trust.inspection import load_part_of, names_of
from windu.pipeline.evaluation import evaluate
from windu.pipeline.scoring import predictions
from windu.pipeline.splitting import split_rows, split_target
from windu.schema.columns import TableSchema
from windu.steps import PARTS, Step

__all__ = [
    "PREPROCESSORS",
    "Resolved",
    "as_columns",
    "check_features",
    "first_keys",
    "predict_held_back",
    "read_keys",
    "resolve",
    "steps_of",
]


class Resolved(NamedTuple):
    """An estimator whose stored parts are loaded.

    Attributes
    ----------
    estimator : WinduEstimator
        Stored parts are frozen in it.
    runs : dict of str to StoredRun
        Where each stored part came from.
    features : TableSchema or None
        The features that a stored transformer was fitted on.
    """

    estimator: Any
    runs: dict[str, StoredRun]
    features: TableSchema | None


def resolve(
    estimator: Any, store: Metastore | None, trusted: Collection[str]
) -> Resolved:
    """Load the parts of an estimator that are given as `StoredPart`.

    Parameters
    ----------
    estimator : WinduEstimator
        Not fitted; not changed.
    store : Metastore or None
        The metastore of runs that do not name one.
    trusted : collection of str
        As in `Metastore.load_part`.

    Returns
    -------
    Resolved
        A clone, if anything was loaded.

    Raises
    ------
    StepError
        If there is no metastore.
    NotStoredError
        If there is no such run.
    PartError
        If the run lacks the part, or the part needs another part of the run.
    UntrustedTypesError
        If it holds types that are not trusted.
    """
    stored = {
        name: part
        for name in PARTS
        if isinstance(part := getattr(estimator, name), StoredPart)
    }
    if not stored:
        return Resolved(estimator, {}, None)
    places = {
        name: _store(name, part_stored, store) for name, part_stored in stored.items()
    }
    runs = {
        name: places[name].find(part_stored.run) for name, part_stored in stored.items()
    }
    runs_open = {name: places[name].open(run.id) for name, run in runs.items()}
    parts = {
        name: _frozen(name, _loaded(name, part_stored, runs_open[name], trusted))
        for name, part_stored in stored.items()
    }
    if "model" in stored:
        _check_before(estimator, stored["model"], runs, names_of(runs_open["model"]))
        if _is_auto(estimator.label_encoder):
            # A stored model needs the label encoder of its run.
            encoded = "label_encoder" in names_of(runs_open["model"])
            load = partial(load_part_of, runs_open["model"], "label_encoder")
            parts["label_encoder"] = (
                FrozenEstimator(load(trusted=trusted)) if encoded else None
            )
    features = None
    if "transformer" in stored:
        features = read_schema(runs_open["transformer"], "feature_schema.json")
    return Resolved(clone(estimator).set_params(**parts), runs, features)


def _loaded(name: str, stored: StoredPart, run: Run, trusted: Collection[str]) -> Any:
    part_name, parts = (
        stored.part or name,
        [part_stored for part_stored in names_of(run) if part_stored in PARTS],
    )
    if part_name not in parts:
        raise PartError(
            f"The {name} from {stored.run!r} must be a part of that run, one of "
            f"{parts}. "
            f"Got {part_name!r}.{did_you_mean(part_name, parts)}"
        )
    return load_part_of(run, part_name, trusted=trusted)


def _is_auto(part: Any) -> bool:
    return isinstance(part, str) and part == "auto"


def _store(name: str, stored: StoredPart, store: Metastore | None) -> Metastore:
    if stored.metastore is not None:
        return Metastore(stored.metastore)
    if store is None:
        raise StepError(
            f"The {name} from {stored.run!r} must be in a metastore. Got none. Pass "
            "metastore='./metastore'."
        )
    return store


def _frozen(name: str, loaded: Any) -> Any:
    if name == "threshold":
        return clone(loaded).set_params(thresholds=loaded.thresholds_)
    return FrozenEstimator(loaded)


def _check_before(
    estimator: Any, stored: StoredPart, runs: dict[str, StoredRun], parts: list[str]
) -> None:
    """Raise unless a stored model has the transformer that it was fitted with."""
    if "transformer" in parts:
        fits = "transformer" in runs and runs["transformer"].id == runs["model"].id
    else:
        fits = estimator.transformer is None
    if fits:
        return
    needed = f"StoredPart({stored.run!r})" if "transformer" in parts else "None"
    raise PartError(
        f"The model from {stored.run!r} must get the matrix that it was fitted on. Got "
        f"another transformer. Pass transformer={needed} as well."
    )


def check_features(
    features: pd.DataFrame, featurizer_: Any, transformer: Any, wanted: TableSchema
) -> bool:
    """Raise unless the features are those that a stored transformer was fitted on.

    Parameters
    ----------
    features : DataFrame of shape (n_samples, n_features)
        What the featurizer gives.
    featurizer_ : estimator or None
        Fitted.
    transformer : FrozenEstimator
        The stored one.
    wanted : TableSchema
        Of its features.

    Returns
    -------
    bool
        True.

    Raises
    ------
    FeatureSchemaError
        With every difference.
    """
    conformed, report = conformed_features(features, wanted, featurizer_)
    by_name = isinstance(transformer.estimator, ColumnTransformer)
    if not by_name and list(conformed.columns) != list(features.columns):
        raise FeatureSchemaError(
            f"The features must be {list(conformed.columns)[:20]}, in this order. Got "
            f"{list(features.columns)[:20]}. Take the featurizer of the same run, or "
            "change the order in yours.",
            report,
        )
    return True


#: Preprocessing functions by name.
PREPROCESSORS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "drop_duplicates": lambda table: table.drop_duplicates(ignore_index=True),
    "drop_empty_rows": lambda table: table.dropna(how="all", ignore_index=True),
}

HeldOut = Mapping[str, tuple[Any, Any]]


class Tables(NamedTuple):
    """The training table, and separate dev and test tables."""

    raw: pd.DataFrame
    raw_dev: pd.DataFrame | None
    raw_test: pd.DataFrame | None


class Rows(NamedTuple):
    """The training rows, and the held-out rows by part."""

    X: pd.DataFrame
    y: Any
    held_back: HeldOut


_BEFORE_TRANSFORMER = [step.name for step in FIT_STEPS].index("fit_transformer")


def steps_of(*, preprocesses: bool, model: bool, stored: bool) -> list[Step]:
    """Return the steps of a training pipeline.

    Parameters
    ----------
    preprocesses : bool
        Whether the table is changed before it is split.
    model : bool
        Whether there is one; without, the pipeline ends with the transformer.
    stored : bool
        Whether the transformer is one of a stored run.

    Returns
    -------
    list of Step
        In order.
    """
    steps = [
        Step.of(_load),
        Step.of(_preprocess),
        Step.of(_split),
        Step.of(_prepare),
        _threaded(FIT_STEPS[0]),
        Step.of(_describe, makes="stats"),
        *(_threaded(step) for step in FIT_STEPS[1:_BEFORE_TRANSFORMER]),
        *([Step.of(check_features, makes="are_wanted")] if stored else []),
        *(_threaded(step) for step in FIT_STEPS[_BEFORE_TRANSFORMER:]),
        Step("assemble", ("parameters", *Fitted._fields), ("estimator_",), _assemble),
        Step.of(predict_held_back, name="predict", makes="predictions"),
        Step.of(_evaluate, makes="metrics"),
    ]
    absent = {"preprocess": not preprocesses, "predict": not model}
    absent["evaluate"] = not model
    return [step for step in steps if not absent.get(step.name)]


def _load(data: Any, files: Mapping[str, Any]) -> Tables:
    table = read_table(data)
    trained = columns_of(table)
    parts = (files.get(name) for name in ("dev", "test"))
    # Their texts are read as in the training table.
    return Tables(
        table, *(None if part is None else read_table(part, trained) for part in parts)
    )


def _preprocess(
    raw: pd.DataFrame,
    raw_dev: pd.DataFrame | None,
    raw_test: pd.DataFrame | None,
    preprocess: Any,
) -> Tables:
    held_back = (
        None if table is None else _preprocessed(table, preprocess)
        for table in (raw_dev, raw_test)
    )
    return Tables(_preprocessed(raw, preprocess), *held_back)


def _preprocessed(table: pd.DataFrame, preprocess: Any) -> pd.DataFrame:
    for step in preprocess:
        function = PREPROCESSORS[step] if isinstance(step, str) else step
        table_made = function(table.copy())
        if not isinstance(table_made, pd.DataFrame):
            raise TableError(
                "What preprocesses must return a DataFrame. Got "
                f"{type(table_made).__name__} of "
                f"{getattr(function, '__name__', function)!r}."
                " Return the table."
            )
        table = table_made
    return table


def _split(
    raw: pd.DataFrame,
    raw_dev: pd.DataFrame | None,
    raw_test: pd.DataFrame | None,
    target_name: Any,
    split: Mapping[str, Any] | None,
) -> Rows:
    X, y = (raw, None) if target_name is None else split_target(raw, target_name)
    if split is None:
        return Rows(X, y, {})
    tables = {"dev": raw_dev, "test": raw_test}
    tables_given = {name: table for name, table in tables.items() if table is not None}
    own = ("files", "fit_on")
    how = {name: value for name, value in split.items() if name not in own}
    rows = split_rows(X, y, tables=tables_given, **how)
    columns = [column for column in X.columns if column != split.get("column")]

    def part(at: Any) -> tuple[Any, Any]:
        rows_held = X[columns].iloc[at].reset_index(drop=True)
        return rows_held, None if y is None else y.iloc[at].reset_index(drop=True)

    parts = {"dev": rows.dev, "test": rows.test}
    rows_held = {name: part(at) for name, at in parts.items() if len(at)}
    for name, table in tables_given.items():
        table_text = f"The table of the part {name!r}"
        rows_held[name] = (
            (table, None) if y is None else split_target(table, target_name, table_text)
        )
    X, y = part(rows.train)
    if split.get("fit_on") == "train+dev" and "dev" in rows_held:
        dev, truth = rows_held.pop("dev")
        X = pd.concat([X, dev], ignore_index=True)
        y = None if y is None else pd.concat([y, truth], ignore_index=True)
    held_back = {name: rows_held[name] for name in parts if name in rows_held}
    return Rows(X, y, held_back)


def _prepare(X: Any, y: Any, estimator: Any) -> FitInputs:
    return fit_inputs(clone(estimator), X, y)


def read_keys(data: Any, files: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of the tables, from their files or their content."""
    sources = {"raw": data} | {f"raw_{name}": source for name, source in files.items()}
    digests = {name: source_digest(source) for name, source in sources.items()}
    return {
        name: f"{digests[name]}:raw" if digests.get(name) else digest_of(values[name])
        for name in Tables._fields
    }


def first_keys(values: Mapping[str, Any], rows: str | None) -> dict[str, str | None]:
    """Return the keys of the results of the step ``prepare``.

    Parameters
    ----------
    values : mapping of str to object
        The results of the step.
    rows : str or None
        The key of the rows to learn from.

    Returns
    -------
    dict of str to str or None
        By name.
    """
    ignored = {"frame", "target", "refits", *IDLE}
    # A threshold refits the whole chain.
    key = None if rows is None else digest_of(values["refits"].estimator, rows)
    return {
        **{
            name: digest_of(values[name])
            for name in FitInputs._fields
            if name not in ignored
        },
        **dict.fromkeys(IDLE, ""),
        **{"frame": rows, "target": rows, "refits": key},
    }


def _assemble(parameters: Any, **values: Any) -> Any:
    estimator = clone(parameters)
    estimator._store_fitted(Fitted(**values))
    return estimator


def predict_held_back(estimator_: Any, held_back: HeldOut) -> dict[str, pd.DataFrame]:
    """Return target and predictions of the held-out rows, one table per part."""
    outputs = {}
    for name, (X, y) in held_back.items():
        predicted = predictions(estimator_, X)
        outputs[name] = pd.concat([as_columns(y), predicted], axis="columns")
    return outputs


def as_columns(y: Any) -> pd.DataFrame:
    """Return a target as a table."""
    return y if isinstance(y, pd.DataFrame) else y.to_frame()


def _describe(
    X: Any, y: Any, held_back: HeldOut, table: Any, task: Any, split: Any
) -> dict[str, Any]:
    # Other splits may separate groups on purpose.
    at_random = not {"group", "time", "column"} & {*(split or ())}
    return describe_data(X, y, held_back, table, task, at_random=at_random)


def _evaluate(
    estimator_: Any, held_back: HeldOut, scores: Any, importance: Any
) -> dict[str, Any]:
    return evaluate(estimator_, held_back, scores, importance=importance)


def _threaded(step: Step) -> Step:
    """Fit large tables with threads, as `WinduEstimator.fit` does."""

    def function(**needed: Any) -> Any:
        tables = (needed.get(name) for name in ("frame", "features", "matrix"))
        table = next(
            (table_or_none for table_or_none in tables if table_or_none is not None),
            None,
        )
        size = 0 if table is None else table.shape[0] * table.shape[1]
        with openmp_threads(size, fit=True):
            return step.function(**needed)

    return replace(step, function=function)
