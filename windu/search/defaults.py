"""What is searched where nothing is said: models, their parameters, where to begin."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from itertools import zip_longest
from typing import Any

import numpy as np
import pandas as pd

from windu._compat.row_order import match_rows
from windu.components.registry import MODELS
from windu.estimator import WinduEstimator
from windu.estimator.labels import resolve_task
from windu.exceptions import SearchError
from windu.io.frames import as_frame
from windu.schema.inference import infer_table
from windu.schema.kinds import MIN_WORDS
from windu.search.space import BLOCK, key_of, named_blocks, read_space

__all__ = [
    "SIMPLEST",
    "default_space",
    "part_ranges",
    "space_with_starts",
    "starting_points",
]

#: Where a search begins: the parts as they are without a search.
SIMPLEST: dict[str, Any] = {
    "featurizer__text_lengths": False,
    "transformer__levels": "auto",
    "transformer__many_levels": "auto",
    "transformer__n_text_components": 30,
    "transformer__numbers": "auto",
}


def part_ranges(estimator: Any, frame: pd.DataFrame, *, trees: bool) -> dict[str, Any]:
    """Return ranges for the parts before the model that suit a table.

    Parameters
    ----------
    estimator : WinduEstimator
        Only parts that are "auto" are searched.
    frame : pandas.DataFrame of shape (n_samples, n_columns)
        Raw columns: what is asked for depends on their kinds.
    trees : bool
        Whether the model is made of trees; these do not care for the scale of numbers.

    Returns
    -------
    dict of str to list or dict
        From nested parameter to range, as a space has it.

    Examples
    --------
    >>> from windu import WinduEstimator
    >>> from windu.datasets import load_penguins
    >>> from windu.search.defaults import part_ranges
    >>> X, y = load_penguins(return_X_y=True)
    >>> part_ranges(WinduEstimator(), X, trees=True)
    {'transformer__levels': ['auto', 'one_hot', 'target']}
    """
    if not _is_auto(estimator.featurizer):
        # What it will make is not known before it is fitted.
        return {}
    schema = infer_table(frame)
    kinds = {column.kind for column in schema.columns}
    ranges: dict[str, Any] = {}
    if kinds & {"high-cardinality", "text"}:
        ranges["featurizer__text_lengths"] = [False, True]
    if not _is_auto(estimator.transformer):
        return ranges
    if "categorical" in kinds:
        encodings = ["one_hot", "target"] if trees else ["target"]
        ranges["transformer__levels"] = ["auto", *encodings]
    if "high-cardinality" in kinds:
        default = "ordinal" if trees else "one_hot"
        ranges["transformer__many_levels"] = ["auto", default]
    if any((column.words or 0) >= MIN_WORDS for column in schema.columns):
        ranges["transformer__n_text_components"] = {"int": [10, 80], "log": True}
    if not trees and kinds & {"numeric", "datetime"}:
        ranges["transformer__numbers"] = ["auto", "quantile", "spline"]
    return ranges


def _is_auto(part: Any) -> bool:
    return isinstance(part, str) and part == "auto"


Block = dict[str, Any]

_RATE = {"float": [0.02, 0.2], "log": True}
_SHARE = {"float": [0.4, 1.0]}
_PENALTY = {"float": [0.001, 10.0], "log": True}
_ROUNDS = 3000
#: Rounds without a better score on the held-out rows that end boosting.
_PATIENCE = 40
_LEAF = {"int": [1, 50], "log": True}

#: Ranges by model. After Erickson et al. (2025), "TabArena: A Living Benchmark for
#: Machine Learning on Tabular Data", appendix C, made narrower for short searches.
_RANGES: dict[str, Block] = {
    "boosted_blend": {
        "learning_rate": {"float": [0.03, 0.3], "log": True},
        "max_leaf_nodes": {"int": [6, 96], "log": True},
        "min_samples_leaf": {"int": [2, 60], "log": True},
        "l2_regularization": {"float": [0.01, 30.0], "log": True},
        "max_iter": [600],
    },
    "lightgbm": {
        "learning_rate": _RATE,
        "num_leaves": {"int": [8, 192], "log": True},
        "min_child_samples": {"int": [2, 80], "log": True},
        "colsample_bytree": _SHARE,
        "subsample": {"float": [0.6, 1.0]},
        "subsample_freq": [1],
        "reg_lambda": _PENALTY,
        "extra_trees": [False, True],
    },
    "catboost": {
        "learning_rate": {"float": [0.03, 0.2], "log": True},
        "depth": {"int": [4, 8]},
        "l2_leaf_reg": {"float": [1.0, 20.0], "log": True},
        "random_strength": {"float": [0.3, 3.0], "log": True},
    },
    "xgboost": {
        "learning_rate": _RATE,
        "max_depth": {"int": [3, 10]},
        "min_child_weight": {"float": [0.1, 30.0], "log": True},
        "colsample_bytree": _SHARE,
        "subsample": {"float": [0.6, 1.0]},
        "reg_lambda": _PENALTY,
    },
    "extra_trees": {
        "n_estimators": [200],
        "max_features": {"float": [0.2, 1.0]},
        "min_samples_leaf": _LEAF,
    },
    "random_forest": {
        "n_estimators": [200],
        "max_features": {"float": [0.2, 1.0]},
        "min_samples_leaf": _LEAF,
    },
    "hist_gradient_boosting": {
        "learning_rate": _RATE,
        "max_leaf_nodes": {"int": [8, 192], "log": True},
        "min_samples_leaf": {"int": [2, 80], "log": True},
        "l2_regularization": _PENALTY,
        "max_features": _SHARE,
    },
    "linear": {},
}
_LINEAR: dict[bool, Block] = {
    True: {"C": {"float": [0.001, 100.0], "log": True}},
    False: {"alpha": {"float": [0.01, 1000.0], "log": True}},
}

#: How boosting is told to stop by the held-out rows.
_STOPPING: dict[str, Block] = {
    "lightgbm": {"n_estimators": [_ROUNDS], "early_stopping_round": [_PATIENCE]},
    "xgboost": {"n_estimators": [_ROUNDS], "early_stopping_rounds": [_PATIENCE]},
    "catboost": {"iterations": [_ROUNDS], "early_stopping_rounds": [_PATIENCE]},
    "hist_gradient_boosting": {
        "max_iter": [_ROUNDS],
        "early_stopping": [True],
        "n_iter_no_change": [20],
    },
}
#: With more classes than these, trees of CatBoost are not searched to their full depth:
#: a round takes time with classes times leaves (0.4 s at depth 8 and 32 classes).
_FEW_CLASSES = 5
_MANY_CLASSES: dict[str, Block] = {"catboost": {"depth": {"int": [4, 6]}}}
#: Of several targets each is one model; no fold can stop them all.
_NOT_STOPPING: dict[str, Block] = {
    "lightgbm": {"n_estimators": {"int": [50, 400], "log": True}},
    "xgboost": {"n_estimators": {"int": [50, 400], "log": True}},
    "catboost": {"iterations": {"int": [50, 400], "log": True}},
    "hist_gradient_boosting": {"max_iter": {"int": [50, 400], "log": True}},
}

#: Where to begin, by model: points that do well on many tables, tried in turn. The
#: first is the default of its library where that is good.
_STARTS: dict[str, list[dict[str, Any]]] = {
    "boosted_blend": [
        {
            "learning_rate": 0.1,
            "max_leaf_nodes": 31,
            "min_samples_leaf": 10,
            "l2_regularization": 1.0,
        },
        {
            "learning_rate": 0.05,
            "max_leaf_nodes": 12,
            "min_samples_leaf": 20,
            "l2_regularization": 3.0,
        },
    ],
    "lightgbm": [
        {
            "learning_rate": 0.05,
            "num_leaves": 31,
            "min_child_samples": 20,
            "colsample_bytree": 0.8,
            "subsample": 0.9,
            "reg_lambda": 0.1,
            "extra_trees": False,
            "n_estimators": 150,
        },
        {
            "learning_rate": 0.05,
            "num_leaves": 96,
            "min_child_samples": 5,
            "colsample_bytree": 0.6,
            "subsample": 0.8,
            "reg_lambda": 3.0,
            "extra_trees": True,
            "n_estimators": 200,
        },
    ],
    "catboost": [
        {
            "learning_rate": 0.08,
            "depth": 6,
            "l2_leaf_reg": 3.0,
            "random_strength": 1.0,
            "iterations": 200,
        }
    ],
    "xgboost": [
        {
            "learning_rate": 0.06,
            "max_depth": 6,
            "min_child_weight": 1.0,
            "colsample_bytree": 0.7,
            "subsample": 0.8,
            "reg_lambda": 1.0,
            "n_estimators": 150,
        }
    ],
    "extra_trees": [{"max_features": 0.7, "min_samples_leaf": 2}],
    "random_forest": [{"max_features": 0.4, "min_samples_leaf": 2}],
    "hist_gradient_boosting": [
        {
            "learning_rate": 0.06,
            "max_leaf_nodes": 31,
            "min_samples_leaf": 20,
            "l2_regularization": 0.1,
            "max_features": 0.8,
            "max_iter": 150,
        }
    ],
    "linear": [
        {"C": 1.0, "alpha": 1.0},
        {"C": 1.0, "alpha": 1.0, "transformer__numbers": "spline"},
    ],
}
#: The models in the order in which they are begun with, the cheap and good first.
_ORDER = (
    *("boosted_blend", "lightgbm", "linear", "extra_trees", "catboost", "xgboost"),
    *("random_forest", "hist_gradient_boosting"),
)
#: The same by what a fit takes with many rows and classes, the quickest first.
_COSTS = (
    *("linear", "extra_trees", "random_forest", "lightgbm", "xgboost"),
    *("boosted_blend", "hist_gradient_boosting", "catboost"),
)
_PACKAGES = {"lightgbm", "catboost", "xgboost"}


def default_space(estimator: Any, X: Any, y: Any) -> list[Block]:
    """Return the space that ``space="auto"`` searches.

    Parameters
    ----------
    estimator : WinduEstimator
        Where the search starts: of a model that was chosen only its parameters are
        searched.
    X : table of shape (n_samples, n_columns)
        The rows to learn from.
    y : array-like
        Their target.

    Returns
    -------
    list of dict
        One space a model, in the form that `OptunaSearchCV` takes, with featurizer
        and transformer where they are "auto". Boosting of other libraries is there
        where these are installed.

    Raises
    ------
    SearchError
        For a model without ranges.

    Examples
    --------
    >>> from windu import WinduEstimator, default_space
    >>> from windu.datasets import load_penguins
    >>> X, y = load_penguins(return_X_y=True)
    >>> for block in default_space(WinduEstimator("random_forest"), X, y):
    ...     print(block["model__max_features"])
    {'float': [0.2, 1.0]}
    """
    model = estimator.model
    if model is None:
        raise SearchError(
            "A search needs a model. Got model=None. Pass a model, or 'auto' for those "
            "that suit the task."
        )
    frame = as_frame(X)
    y = match_rows({"X": X, "y": y}, frame=frame)["y"]
    target, task = resolve_task(estimator, y, frame)
    values = target.values if target is not None else ()
    several = task == "multilabel" or np.ndim(values) == 2
    classes = task != "regression"
    n_classes = pd.Series(values).nunique() if classes and not several else 0
    if isinstance(model, str) and model == "auto":
        names = [name for name in _ORDER if _is_there(name)]
        if "lightgbm" in names:
            # It is the same algorithm, and faster.
            names.remove("hist_gradient_boosting")
        of_trees = part_ranges(estimator, frame, trees=True)
        of_linear = part_ranges(estimator, frame, trees=False)
        return [
            {"model": [name]}
            | (of_linear if name == "linear" else of_trees)
            | _block(name, classes, n_classes, several)
            for name in names
        ]
    name = model if isinstance(model, str) else _name_of(model)
    if name not in _RANGES:
        raise SearchError(
            f"The model {name!r} has no space of its own. Pass space={{...}}, or "
            f"model='auto'; there are spaces for {sorted(_RANGES)}."
        )
    parts = part_ranges(estimator, frame, trees=name != "linear")
    return [parts | _block(name, classes, n_classes, several)]


def _block(name: str, classes: bool, n_classes: int, several: bool) -> Block:
    ranges = dict(_LINEAR[classes] if name == "linear" else _RANGES[name])
    if n_classes > _FEW_CLASSES:
        ranges |= _MANY_CLASSES.get(name, {})
    ranges |= (_NOT_STOPPING if several else _STOPPING).get(name, {})
    return {f"model__{key}": value for key, value in ranges.items()}


def _is_there(name: str) -> bool:
    return name not in _PACKAGES or find_spec(name) is not None


def _name_of(model: Any) -> str:
    """Return the registered name of the class of a model, else that of the class."""
    cls = type(model).__name__
    for name, homes in MODELS.items():
        if any(home.endswith(f":{cls}") for home in homes):
            return name
    return cls


def _cost_of(item: tuple[str, Mapping[str, Any]]) -> int:
    names = item[1].get("model", [""])
    return _COSTS.index(names[0]) if names[0] in _COSTS else len(_COSTS)


def starting_points(blocks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the points of a default space that are tried first.

    Parameters
    ----------
    blocks : sequence of mapping
        As from `default_space`.

    Returns
    -------
    list of dict
        What trials hold: the first point of each model, the cheapest first, so that a
        slow one does not take the time of all others; then the second ones.
    """
    named = named_blocks(blocks)
    by_model = []
    for label, block in sorted(named.items(), key=_cost_of):
        starts = _STARTS.get(block["model"][0], []) if "model" in block else []
        points = []
        for start in starts:
            # What stands for one value is not asked of a trial.
            nested = {n if "__" in n else f"model__{n}": v for n, v in start.items()}
            block_given = {
                name: value
                for name, value in {**SIMPLEST, **nested}.items()
                if (given := block.get(name)) is not None
                and (isinstance(given, Mapping) or len(given) > 1)
            }
            points.append(
                {BLOCK: label}
                | {key_of(named, label, name): v for name, v in block_given.items()}
            )
        by_model.append(points)
    return [
        point
        for points in zip_longest(*by_model)
        for point in points
        if point is not None
    ]


def space_with_starts(
    estimator: Any, space: Any, X: Any, y: Any
) -> tuple[Callable[[Any], dict[str, Any]], list[dict[str, Any]]]:
    """Return a space in any of its forms, and the points that are tried first.

    Raises
    ------
    SearchError
        If it is none.
    """
    if not isinstance(space, str):
        return read_space(estimator, space), []
    if space != "auto" or not isinstance(estimator, WinduEstimator):
        raise SearchError(
            "space must be a dict, a list of dicts, a function of a trial, or 'auto' "
            f"for a WinduEstimator. Got {space!r} for {type(estimator).__name__}."
        )
    blocks = default_space(estimator, X, y)
    return read_space(estimator, blocks), starting_points(blocks)
