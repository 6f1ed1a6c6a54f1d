"""The search of a pipeline, and the checks of all its settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import get_scorer_names
from sklearn.model_selection import (
    GroupKFold,
    PredefinedSplit,
    StratifiedGroupKFold,
    TimeSeriesSplit,
)

from windu.estimator import WinduEstimator
from windu.estimator.labels import resolve_task
from windu.exceptions import PartError, SearchError, StepError, did_you_mean
from windu.metastore import Metastore
from windu.pipeline.evaluation import check_evaluation, scoring_of
from windu.pipeline.splitting import split_rows
from windu.pipeline.steps import PREPROCESSORS
from windu.search import OptunaSearchCV
from windu.search.ensembles import classes_of
from windu.search.space import read_range

__all__ = [
    "CHECKS",
    "PARTS",
    "SETTINGS",
    "ModelSelection",
    "SearchResult",
    "check_search",
    "checked",
    "own_types",
    "store_of",
]

#: Samplers by the name of an engine.
ENGINES = {"optuna": "tpe", "random": "random", "grid": "grid"}
_N_FOLDS = 5
_KEYS = (
    *("engine", "space", "scoring", "cv", "n_trials", "timeout", "storage"),
    *("study_name", "n_jobs", "max_latency_ms", "ensemble", "seed"),
)


@dataclass(frozen=True)
class SearchResult:
    """The result of a search.

    Parameters
    ----------
    search : OptunaSearchCV
        Fitted on the train and dev rows.
    production : TrainingPipeline
        Of the winner, to be run: it learns from train and dev rows, and the test rows
        are shown to it once.
    score : str, default=""
        Name of what was maximized: ``scoring``, else the first score of ``evaluate``.
        Empty for the estimator's own.

    Examples
    --------
    >>> from windu import TrainingPipeline
    >>> from windu.datasets import load_penguins
    >>> pipe = TrainingPipeline(
    ...     data=load_penguins().frame, target="species", split={"test": 0.2},
    ...     search={"space": {"model": ["linear"]}, "n_trials": 1, "cv": 3},
    ... )
    >>> found = pipe.search()
    >>> print(found.production.set(data="penguins.csv").to_yaml())
    data:
      path: penguins.csv
      target: species
    split:
      test: 0.2
    estimator:
      task: multiclass
      model: linear
    <BLANKLINE>
    """

    search: OptunaSearchCV
    production: Any
    score: str = ""

    @property
    def leaderboard(self) -> pd.DataFrame:
        """The trials, the best first."""
        return self.search.leaderboard_


class ModelSelection:
    """The method of `TrainingPipeline` that searches."""

    _settings: dict[str, Any]
    _resolved: Any
    _place: Any
    _values: Callable[..., dict[str, Any]]
    set: Callable[..., Any]

    def search(self, **changes: Any) -> SearchResult:
        """Search by the setting ``search``, without the test rows.

        With a dev part this is what candidates are scored on; else cross-validation,
        with folds by group or time where the split is. Without ``scoring`` the first
        score of ``evaluate`` is maximized, if one is named. Run the same line again,
        and a search with a storage goes on.

        Parameters
        ----------
        **changes : dict
            Over the setting, for once: ``timeout=60``.

        Returns
        -------
        SearchResult
            The search, and the pipeline of the winner.

        Raises
        ------
        StepError
            If there is nothing to search with.
        SearchError
            As `OptunaSearchCV.fit`.

        Examples
        --------
        >>> from windu import TrainingPipeline
        >>> from windu.datasets import load_penguins
        >>> pipe = TrainingPipeline(
        ...     data=load_penguins().frame, target="species",
        ...     split={"test": 0.2, "dev": 0.2},
        ...     search={"space": {"model": ["linear", "decision_tree"]}, "n_trials": 2},
        ... )
        >>> found = pipe.search()
        >>> found.search.n_splits_, found.production.settings["estimator"].model
        (1, 'linear')
        """
        options = {**(self._settings["search"] or {}), **changes}
        values = self._values(until="split")
        X, y, held_back = values["X"], values["y"], values["held_back"]
        if y is None:
            raise StepError(
                "A search needs a target. Got target=None. Name its column."
            )
        dev = held_back.get("dev")
        n_train = len(X)
        if dev is not None:
            X = pd.concat([X, dev[0]], ignore_index=True)
            y = pd.concat([y, dev[1]], ignore_index=True)
        estimator = self._resolved.estimator
        split = self._settings["split"] or {}
        cv = _folds(options.pop("cv", None), split, estimator, X, y, n_train)
        score, scoring = _scoring(options, self._settings["evaluate"], estimator, X, y)
        search = OptunaSearchCV(
            clone(estimator),
            options.pop("space", "auto"),
            sampler=ENGINES[options.pop("engine", "optuna")],
            random_state=options.pop("seed", None) or split.get("seed") or 0,
            cv=cv,
            **options | scoring,
        ).fit(X, y)
        settings = {**self._settings, "search": None, "metastore": self._place}
        settings["estimator"] = clone(search.best_estimator_)
        if dev is not None:
            settings["split"] = {**split, "fit_on": "train+dev"}
        return SearchResult(search, type(self)(**settings), score)


def _scoring(
    options: Mapping[str, Any], evaluation: Any, estimator: Any, X: Any, y: Any
) -> tuple[str, dict[str, Any]]:
    """Return the name of the score of a search, and the options that say so."""
    given = options.get("scoring")
    if given is not None:
        names = [
            name for name in (options.get("refit"), given) if isinstance(name, str)
        ]
        return names[0] if names else "", {}
    _, task = resolve_task(estimator, y, X)
    chosen = clone(estimator).set_params(task=task or "auto")
    classes = classes_of(chosen, y) if task == "binary" else None
    name, scorer = scoring_of(evaluation, task or "", classes)
    if isinstance(scorer, str) or scorer is None:
        return name, {"scoring": scorer}
    return name, {"scoring": {name: scorer}, "refit": name}


def check_search(search: Any) -> None:
    """Raise for an invalid setting ``search``, before anything is read.

    Parameters
    ----------
    search : mapping
        As `TrainingPipeline` takes it.

    Raises
    ------
    StepError
        For a key or an engine that is none.
    SearchError
        For a range or a score that is none.
    """
    if not isinstance(search, Mapping):
        raise StepError(
            f"search must be a mapping with keys of {list(_KEYS)}. Got {search!r}."
        )
    for key in search:
        if key not in _KEYS:
            raise StepError(
                f"search has no key {key!r}. It has {list(_KEYS)}."
                + did_you_mean(key, _KEYS)
            )
    engine = search.get("engine", "optuna")
    if engine not in ENGINES:
        raise StepError(
            f"search.engine must be one of {list(ENGINES)}. Got {engine!r}."
            + did_you_mean(engine, ENGINES)
        )
    if isinstance(scoring := search.get("scoring"), str):
        scorer_names = get_scorer_names()
        if scoring not in scorer_names:
            raise SearchError(
                "search.scoring must be the name of one of scikit-learn's scorers. Got "
                f"{scoring!r}.{did_you_mean(scoring, scorer_names)}"
            )
    space = search.get("space", "auto")
    for block in space if isinstance(space, list) else [space]:
        for name, values in block.items() if isinstance(block, Mapping) else ():
            read_range(name, values)


def _folds(
    cv: Any, split: Mapping[str, Any], estimator: Any, X: Any, y: Any, n_train: int
) -> Any:
    """Return the folds: the dev rows, or folds by the kind of the split."""
    has_dev = n_train < len(X)
    if cv == "dev" and not has_dev:
        raise StepError(
            "cv: dev needs a dev part. Got none; write split: {dev: 0.2}, or a number "
            "of folds."
        )
    if has_dev and cv in (None, "dev"):
        return PredefinedSplit(np.where(np.arange(len(X)) < n_train, -1, 0))
    if cv is not None and not isinstance(cv, int):
        return cv
    n_folds = _N_FOLDS if cv is None else cv
    if (group := split.get("group")) is not None:
        _, task = resolve_task(estimator, y, X)
        stratified = task in ("binary", "multiclass")
        kind = StratifiedGroupKFold if stratified else GroupKFold
        labels = y if stratified else np.zeros(len(X))
        return list(kind(n_folds).split(X, labels, X[group]))
    if (time := split.get("time")) is not None:
        order = np.argsort(X[time].to_numpy(), kind="stable")
        folds = TimeSeriesSplit(n_folds).split(order)
        return [(order[before], order[after]) for before, after in folds]
    return n_folds


SETTINGS = (
    *("estimator", "data", "target", "preprocess", "split", "search", "evaluate"),
    *("metastore", "name", "trusted"),
)
#: Parameters of the estimator, which can be set as well.
PARTS = tuple(WinduEstimator._get_param_names())


def checked(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings in their normal form; raise if one is invalid."""
    checked_settings = dict(settings)
    if "estimator" in checked_settings and not isinstance(
        checked_settings["estimator"], WinduEstimator
    ):
        raise PartError(
            "The estimator of a pipeline must be a WinduEstimator. Got "
            f"{type(checked_settings['estimator']).__name__}. Pass "
            "WinduEstimator(model)."
        )
    if "evaluate" in checked_settings:
        checked_settings["evaluate"] = check_evaluation(checked_settings["evaluate"])
    if "preprocess" in checked_settings:
        steps = checked_settings["preprocess"] or []
        steps = [steps] if isinstance(steps, str) or callable(steps) else list(steps)
        for step in steps:
            _check_preprocess(step)
        checked_settings["preprocess"] = steps
    if checked_settings.get("split") is not None:
        _check_split(checked_settings["split"])
    if checked_settings.get("search") is not None:
        check_search(checked_settings["search"])
    if checked_settings.get("metastore") is not None:
        checked_settings["metastore"] = store_of(checked_settings["metastore"])
    if isinstance(checked_settings.get("data"), pd.DataFrame):
        checked_settings["data"] = checked_settings["data"].copy()
    return checked_settings


def _check_preprocess(step: Any) -> None:
    if not callable(step) and step not in PREPROCESSORS:
        raise StepError(
            f"preprocess must name one of {list(PREPROCESSORS)}, or be a function. Got "
            f"{step!r}.{did_you_mean(step, PREPROCESSORS)}"
        )


def _check_split(split: Any) -> None:
    files = split.get("files") if isinstance(split, Mapping) else None
    for name, names, allowed in (
        (
            "split",
            split,
            ("files", "fit_on", *list(signature(split_rows).parameters)[3:]),
        ),
        ("split.files", files or {}, ("dev", "test")),
    ):
        if not isinstance(names, Mapping):
            raise StepError(
                f"{name} must be a mapping with keys of {list(allowed)}. Got {names!r}."
            )
        for key in names:
            if key not in allowed:
                raise StepError(
                    f"{name} has no key {key!r}. It has {list(allowed)}."
                    + did_you_mean(key, allowed)
                )


def _check_named_preprocess(step: Any) -> None:
    if isinstance(step, str):
        _check_preprocess(step)


#: Keys of a section whose types alone do not check them.
CHECKS = {
    "evaluate": check_evaluation,
    "preprocess": _check_named_preprocess,
    "search": check_search,
}


def store_of(place: Metastore | str | Path | Mapping[str, Any]) -> Metastore:
    """Return the metastore of a place."""
    if isinstance(place, Metastore):
        return place
    return Metastore(**place) if isinstance(place, Mapping) else Metastore(place)


def own_types(estimator: Any) -> set[str]:
    """Return the names of the classes and functions in the caller's estimator."""
    values = [*estimator.get_params(deep=True).values()]
    for value in list(values):
        values += [getattr(value, "func", None)]
    names = set()
    for value in values:
        for owner in (value, type(value)):
            if hasattr(owner, "__qualname__") and hasattr(owner, "__module__"):
                names.add(f"{owner.__module__}.{owner.__qualname__}")
    return names
