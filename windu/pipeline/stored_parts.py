"""Parts of stored runs in the place of references to them."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any, NamedTuple

import pandas as pd
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator

from windu.components.stored import StoredPart
from windu.estimator.features import conformed_features
from windu.estimator.parts import PARTS
from windu.exceptions import FeatureSchemaError, PartError, StepError, did_you_mean
from windu.metastore import Metastore, StoredRun
from windu.persistence.artifacts import read_schema
from windu.persistence.part import load_part_of, names_of
from windu.persistence.runs import Run
from windu.schema.columns import TableSchema

__all__ = ["Resolved", "check_features", "resolve"]


class Resolved(NamedTuple):
    """An estimator whose parts are there.

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
    """Load what `StoredPart` stands for in an estimator.

    Parameters
    ----------
    estimator : WinduEstimator
        Not fitted; not changed.
    store : Metastore or None
        Where runs are that name no place of their own.
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
        If the run has no such part, or the part needs another of its run.
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
            # Codes say nothing without the labels that they stand for.
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
    """Raise unless a model stands behind the transformer that it was fitted behind."""
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
    """Raise unless features are those that a stored transformer was fitted on.

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
