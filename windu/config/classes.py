"""Which classes a configuration may name, their parameters, and equality of values."""

from __future__ import annotations

import inspect
import sys
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from windu.components.registry import LABEL_ENCODERS, MODELS, sklearn_classes
from windu.exceptions import ConfigError

__all__ = [
    "REQUIRED",
    "class_name",
    "find_class",
    "first_difference",
    "is_pandera",
    "known_names",
    "named_items",
    "parameters_of",
    "refusal",
    "takes_estimator",
    "values_of",
]

#: Marks a parameter without default.
REQUIRED = inspect.Parameter.empty

_WINDU = (
    *("AutoFeaturizer", "AutoTransformer"),
    *("BoostedBlendClassifier", "BoostedBlendRegressor"),
    *("IndicatorEncoder", "LabelwiseClassifier", "LogEncoder", "TextEncoder"),
    *("ThresholdSelector", "WeightedEnsembleClassifier", "WeightedEnsembleRegressor"),
)
#: What is no estimator of scikit-learn and often a parameter of one.
_HELPERS = {
    "sklearn.compose": ("make_column_selector",),
    "sklearn.gaussian_process.kernels": (
        *("CompoundKernel", "ConstantKernel", "DotProduct", "ExpSineSquared"),
        *("Exponentiation", "Matern", "PairwiseKernel", "Product", "RBF"),
        *("RationalQuadratic", "Sum", "WhiteKernel"),
    ),
    "sklearn.model_selection": (
        *("GroupKFold", "GroupShuffleSplit", "KFold", "LeaveOneGroupOut"),
        *("LeaveOneOut", "ShuffleSplit", "StratifiedGroupKFold", "StratifiedKFold"),
        *("StratifiedShuffleSplit", "TimeSeriesSplit"),
    ),
}
#: Parameters that LightGBM takes and does not list. Others may name files.
_UNLISTED = {
    "lightgbm": (
        *("bagging_fraction", "bagging_freq", "boost_from_average", "cat_l2"),
        *("cat_smooth", "deterministic", "early_stopping_round"),
        *("early_stopping_rounds", "extra_trees", "n_iter_no_change"),
        *("feature_fraction", "force_col_wise", "force_row_wise", "is_unbalance"),
        *("lambda_l1", "lambda_l2", "linear_tree", "max_bin", "max_cat_threshold"),
        *("max_cat_to_onehot", "min_data_in_leaf", "min_data_per_group"),
        *("path_smooth", "scale_pos_weight", "seed", "verbose", "verbosity"),
    )
}

#: Where a name stands for an estimator, not for a text.
_ESTIMATORS = {
    *("covariance_estimator", "estimator", "final_estimator", "regressor"),
    *("remainder", "transformer"),
}
#: Where a mapping of names to estimators stands for a list of pairs.
_ITEMS = {
    *(("ColumnTransformer", "transformers"), ("FeatureUnion", "transformer_list")),
    *(("Pipeline", "steps"), ("StackingClassifier", "estimators")),
    *(("StackingRegressor", "estimators"), ("VotingClassifier", "estimators")),
    ("VotingRegressor", "estimators"),
}

#: Words in the names of path parameters.
_PATH_WORDS = {
    *("borders", "cachedir", "dir", "directory", "file", "filename", "files"),
    *("folder", "location", "memory", "path", "paths", "uri", "url"),
}
_NO_PATHS = {"path_method"}


@cache
def _homes() -> dict[str, str]:
    """Return the module of each class that is not scikit-learn's own estimator."""
    pairs = [target.split(":") for targets in MODELS.values() for target in targets]
    pairs += [target.split(":") for target in LABEL_ENCODERS.values()]
    pairs += [["windu.components", name] for name in _WINDU]
    pairs += [["windu.estimator", "WinduEstimator"]]
    pairs += [[home, name] for home, names in _HELPERS.items() for name in names]
    return {name: home for home, name in pairs if name not in sklearn_classes()}


def known_names() -> list[str]:
    """Return every name of a class that a configuration may use."""
    return sorted({*sklearn_classes(), *_homes()})


def find_class(name: Any) -> Any:
    """Return the class of a name, None if it is unknown.

    Parameters
    ----------
    name : object
        Exactly the name of the class.

    Returns
    -------
    type or None
        Of scikit-learn, of windu, or of a booster that is registered.

    Raises
    ------
    ConfigError
        If its package is not installed.
    """
    if not isinstance(name, str):
        return None
    if name in sklearn_classes():
        return sklearn_classes()[name]
    home = _homes().get(name)
    if home is None:
        return None
    try:
        return getattr(import_module(home), name)
    except ImportError as error:
        raise ConfigError(
            f"{name!r} needs the package {home}. It is not installed; type: pip "
            f"install 'windu[{home}]'."
        ) from error


def class_name(cls: type) -> str | None:
    """Return the name of a class in a configuration, None if it has none."""
    name = cls.__name__
    if name in known_names() and find_class(name) is cls:
        return name
    return None


@cache
def parameters_of(cls: Any) -> dict[str, Any]:
    """Return the parameters of a class in their order, with their defaults.

    Parameters
    ----------
    cls : type
        Of an estimator or of a helper.

    Returns
    -------
    dict
        `REQUIRED` where there is no default.
    """
    listed = inspect.signature(cls).parameters.values()
    free = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    defaults = {p.name: p.default for p in listed if p.kind not in free}
    if len(defaults) < len(listed):
        # A booster lists the rest on an object, or nowhere.
        defaults = {**cls().get_params(deep=False), **defaults}
        package = cls.__module__.partition(".")[0]
        defaults |= dict.fromkeys(_UNLISTED.get(package, ()), REQUIRED)
    return defaults


def required_of(cls: Any) -> list[str]:
    """Return the parameters without which no object can be made."""
    listed = inspect.signature(cls).parameters.values()
    free = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return [p.name for p in listed if p.default is REQUIRED and p.kind not in free]


def values_of(part: Any) -> dict[str, Any]:
    """Return the parameters that an object has, by name."""
    if hasattr(part, "get_params") and not _is_helper(type(part)):
        return dict(part.get_params(deep=False))
    cls: Any = type(part)
    return {name: getattr(part, name) for name in parameters_of(cls)}


def _is_helper(cls: type) -> bool:
    # Kernels put the parameters of their parts among their own.
    return any(cls.__name__ in names for names in _HELPERS.values())


def takes_estimator(cls: type, parameter: str) -> bool:
    """Tell whether a text as this parameter is the name of an estimator."""
    return parameter in _ESTIMATORS and class_name(cls) is not None


def named_items(cls: type, parameter: str) -> bool:
    """Tell whether this parameter is a list of names and estimators."""
    return (class_name(cls), parameter) in _ITEMS


def refusal(cls: type, parameter: str, value: Any) -> str:
    """Return why a configuration may not set a parameter, or "".

    Parameters
    ----------
    cls : type
        Of the estimator.
    parameter : str
        Its parameter.
    value : object
        As in the YAML, or as in the object.

    Returns
    -------
    str
        A sentence.
    """
    if class_name(cls) == "FrozenEstimator":
        return (
            "A FrozenEstimator holds what it has learned, which YAML does not. Set it "
            "in code."
        )
    words = set(parameter.lower().split("_"))
    is_path = bool(words & _PATH_WORDS) and parameter not in _NO_PATHS
    if is_path and not isinstance(value, (bool, int, float, type(None))):
        return (
            f"The parameter {parameter!r} is a path, and a configuration names none. "
            f"Set it in code: set_params({parameter}=...)."
        )
    if parameter == "input" and value in ("file", "filename"):
        return (
            "input must be 'content'; with others the values of a table are opened as "
            "files. Set it in code."
        )
    return ""


def first_difference(first: Any, two: Any, path: tuple[Any, ...] = ()) -> Any:
    """Return the path to the first difference, None if there is none.

    Parameters
    ----------
    first, two : object
        Estimators, or what their parameters can be.
    path : tuple
        Where they stand.

    Returns
    -------
    tuple or None
        Keys and positions.
    """
    # YAML has numbers and lists of them.
    if isinstance(first, (np.ndarray, np.generic)):
        first = first.tolist()
    if isinstance(two, (np.ndarray, np.generic)):
        two = two.tolist()
    if first is two:
        return None
    if type(first) is not type(two):
        return path
    if isinstance(first, (list, tuple)):
        pairs = dict(enumerate(first)), dict(enumerate(two))
        return _of_items(*pairs, path)
    if isinstance(first, dict):
        # The order of keys can matter, as of the columns of a frame.
        same_keys = [(type(k), k) for k in first] == [(type(k), k) for k in two]
        return _of_items(first, two, path) if same_keys else path
    if _is_part(first):
        return _of_items(values_of(first), values_of(two), path)
    return None if _same(first, two) else path


def _of_items(first: dict[Any, Any], two: dict[Any, Any], path: tuple[Any, ...]) -> Any:
    if first.keys() != two.keys():
        return path
    differences = (
        first_difference(first[key], two[key], (*path, key)) for key in first
    )
    return next(
        (difference for difference in differences if difference is not None), None
    )


def _is_part(value: Any) -> bool:
    return not isinstance(value, type) and (
        hasattr(value, "get_params") or class_name(type(value)) is not None
    )


def _same(first: Any, two: Any) -> bool:
    if isinstance(first, (set, frozenset)):
        return {(type(v), v) for v in first} == {(type(v), v) for v in two}
    if isinstance(first, float):
        # Zero has a sign, and NaN equals nothing.
        return repr(float(first)) == repr(float(two))
    if is_pandera(first):
        # Imported only if pandera is used.
        from windu.schema.user.stored import to_json

        return first is two or to_json(first) == to_json(two)
    return bool(first == two)


def is_pandera(value: Any) -> bool:
    """Tell a pandera schema; a class of one is none."""
    # If pandera is not imported, no object is from pandera.
    pandas_side = sys.modules.get("pandera.pandas")
    return pandas_side is not None and isinstance(value, pandas_side.DataFrameSchema)
