"""The settings of a training pipeline, checked when they are given."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from pathlib import Path
from typing import Any

import pandas as pd

from windu.estimator import WinduEstimator
from windu.exceptions import PartError, StepError, did_you_mean
from windu.metastore import Metastore
from windu.pipeline.evaluation import check_evaluation
from windu.pipeline.model_selection import check_search
from windu.pipeline.splitting import split_rows
from windu.pipeline.steps import PREPROCESSORS

__all__ = ["CHECKS", "PARTS", "SETTINGS", "checked", "own_types", "store_of"]

SETTINGS = (
    *("estimator", "data", "target", "preprocess", "split", "search", "evaluate"),
    *("metastore", "name", "trusted"),
)
#: Parameters of the estimator, which can be set as well.
PARTS = tuple(WinduEstimator._get_param_names())


def checked(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings in their own form, or raise."""
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


#: What a file says and no type tells, by section.
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
    """Return the names of classes and functions that the code of the caller names."""
    values = [*estimator.get_params(deep=True).values()]
    for value in list(values):
        values += [getattr(value, "func", None)]
    names = set()
    for value in values:
        for owner in (value, type(value)):
            if hasattr(owner, "__qualname__") and hasattr(owner, "__module__"):
                names.add(f"{owner.__module__}.{owner.__qualname__}")
    return names
