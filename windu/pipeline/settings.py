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
    made = dict(settings)
    if "estimator" in made and not isinstance(made["estimator"], WinduEstimator):
        raise PartError(
            "The estimator of a pipeline must be a WinduEstimator. Got "
            f"{type(made['estimator']).__name__}. Pass WinduEstimator(model)."
        )
    if "evaluate" in made:
        made["evaluate"] = check_evaluation(made["evaluate"])
    if "preprocess" in made:
        given = made["preprocess"] or []
        given = [given] if isinstance(given, str) or callable(given) else list(given)
        for one in given:
            _check_preprocess(one)
        made["preprocess"] = given
    if made.get("split") is not None:
        _check_split(made["split"])
    if made.get("search") is not None:
        check_search(made["search"])
    if made.get("metastore") is not None:
        made["metastore"] = store_of(made["metastore"])
    if isinstance(made.get("data"), pd.DataFrame):
        made["data"] = made["data"].copy()
    return made


def _check_preprocess(one: Any) -> None:
    if not callable(one) and one not in PREPROCESSORS:
        raise StepError(
            f"preprocess must name one of {list(PREPROCESSORS)}, or be a function. Got "
            f"{one!r}.{did_you_mean(one, PREPROCESSORS)}"
        )


def _check_split(split: Any) -> None:
    said = split.get("files") if isinstance(split, Mapping) else None
    for name, given, known in (
        (
            "split",
            split,
            ("files", "fit_on", *list(signature(split_rows).parameters)[3:]),
        ),
        ("split.files", said or {}, ("dev", "test")),
    ):
        if not isinstance(given, Mapping):
            raise StepError(
                f"{name} must be a mapping with keys of {list(known)}. Got {given!r}."
            )
        for key in given:
            if key not in known:
                raise StepError(
                    f"{name} has no key {key!r}. It has {list(known)}."
                    + did_you_mean(key, known)
                )


def _check_named_preprocess(one: Any) -> None:
    if isinstance(one, str):
        _check_preprocess(one)


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
    held = [*estimator.get_params(deep=True).values()]
    for value in list(held):
        held += [getattr(value, "func", None)]
    names = set()
    for value in held:
        for one in (value, type(value)):
            if hasattr(one, "__qualname__") and hasattr(one, "__module__"):
                names.add(f"{one.__module__}.{one.__qualname__}")
    return names
