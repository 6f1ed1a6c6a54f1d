"""Parts by names: models, versions of functions, parts of stored runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from inspect import Parameter, signature
from typing import Any, Literal, TypeVar

from sklearn.utils import all_estimators

from windu._compat.bases import BaseEstimator
from windu.exceptions import PartError, did_you_mean

__all__ = [
    "LABEL_ENCODERS",
    "MODELS",
    "StoredPart",
    "Wants",
    "make_model",
    "make_named",
    "model_type",
    "names_of",
    "register",
    "registered_as",
    "sklearn_classes",
    "version_of",
    "wants_of",
]

_KINDS = (
    *("preprocess", "featurizer", "transformer", "label_encoder", "model"),
    "threshold",
)
_T = TypeVar("_T", bound=Callable[..., Any])

_VERSIONS: dict[tuple[str, str], dict[int, Any]] = {}


def register(kind: str, name: str, *, version: int) -> Callable[[_T], _T]:
    """Register a version of a step's function or class.

    A configuration names it by module, name and version:
    ``featurizer: {use: "mypackage.features:add_ratios", version: 2}``.

    Parameters
    ----------
    kind : {"preprocess", "featurizer", "transformer", "label_encoder", "model", \
            "threshold"}
        What it is for.
    name : str
        The name that all versions share.
    version : int
        From 1 on.

    Returns
    -------
    callable
        A decorator that returns what it is given.

    Raises
    ------
    PartError
        For another kind, or a version that is no number from 1 on.

    Examples
    --------
    >>> from windu import register
    >>> @register("featurizer", "add_ratios", version=2)
    ... def add_ratios_by_day(frame):
    ...     return frame.assign(ratio=frame["paid"] / frame["days"])
    """
    if kind not in _KINDS:
        raise PartError(
            f"kind must be one of {list(_KINDS)}. Got {kind!r}."
            + did_you_mean(kind, _KINDS)
        )
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise PartError(f"version must be a number from 1 on. Got {version!r}.")

    def decorate(obj: _T) -> _T:
        _VERSIONS.setdefault((obj.__module__, name), {})[version] = obj
        return obj

    return decorate


def version_of(module: str, name: str, version: int) -> Any:
    """Return a registered object, after importing its module.

    Raises
    ------
    PartError
        If nothing was; the message names what was.
    """
    versions = _VERSIONS.get((module, name), {})
    if version not in versions:
        names = [
            registered_name for home, registered_name in _VERSIONS if home == module
        ]
        raise PartError(
            f"{module!r} must register version {version} of {name!r}. Got "
            f"{f'the versions {sorted(versions)}' if versions else 'no version of it'}."
            + ("" if versions else did_you_mean(name, names))
        )
    return versions[version]


def registered_as(obj: Any) -> tuple[str, int] | None:
    """Return name and version of what was registered last, None for anything else."""
    for (module, name), versions in _VERSIONS.items():
        for version, registered in versions.items():
            if registered is obj and module == obj.__module__:
                return name, version
    return None


class StoredPart(BaseEstimator):
    """A reference to a fitted part of a stored run, in code and in YAML.

    A `TrainingPipeline` looks it up when it runs, and uses it as it is: it is not
    fitted again. In YAML: ``transformer: {from: "credit@3"}``.

    Parameters
    ----------
    run : str
        ``"credit@3"``, ``"credit@production"``, ``"credit"`` or the id of a run.
    part : {"featurizer", "transformer", "label_encoder", "model", "threshold"}, \
default=None
        Which part of it; None takes that in whose place it stands.
    metastore : str, default=None
        Where the run is stored; None looks in the metastore of the pipeline.

    See Also
    --------
    windu.Metastore.load_part : The part itself; in a `sklearn.frozen.FrozenEstimator`
        it serves a `WinduEstimator` without a pipeline.

    Examples
    --------
    >>> from windu import Metastore, StoredPart, TrainingPipeline, WinduEstimator
    >>> from windu.datasets import load_penguins
    >>> given = {"data": load_penguins().frame, "target": "species"}
    >>> given["metastore"] = Metastore("memory://docs-of-stored-parts")
    >>> features = TrainingPipeline(WinduEstimator(model=None), name="birds", **given)
    >>> features.run().run.reference
    'birds@1'
    >>> est = WinduEstimator(
    ...     "svm", featurizer=StoredPart("birds@1"), transformer=StoredPart("birds@1")
    ... )
    >>> TrainingPipeline(est, **given).run().estimator.transformer
    FrozenEstimator(...)
    """

    def __init__(
        self, run: str, *, part: str | None = None, metastore: str | None = None
    ):
        self.run = run
        self.part = part
        self.metastore = metastore


#: The default models.
AUTO = "boosted_blend"

#: name: (classifier, regressor), each as module:class.
MODELS: dict[str, tuple[str, str]] = {
    "boosted_blend": (
        "windu.components.blend:BoostedBlendClassifier",
        "windu.components.blend:BoostedBlendRegressor",
    ),
    "catboost": ("catboost:CatBoostClassifier", "catboost:CatBoostRegressor"),
    "decision_tree": (
        "sklearn.tree:DecisionTreeClassifier",
        "sklearn.tree:DecisionTreeRegressor",
    ),
    "dummy": ("sklearn.dummy:DummyClassifier", "sklearn.dummy:DummyRegressor"),
    "extra_trees": (
        "sklearn.ensemble:ExtraTreesClassifier",
        "sklearn.ensemble:ExtraTreesRegressor",
    ),
    "hist_gradient_boosting": (
        "sklearn.ensemble:HistGradientBoostingClassifier",
        "sklearn.ensemble:HistGradientBoostingRegressor",
    ),
    "k_neighbors": (
        "sklearn.neighbors:KNeighborsClassifier",
        "sklearn.neighbors:KNeighborsRegressor",
    ),
    "lightgbm": ("lightgbm:LGBMClassifier", "lightgbm:LGBMRegressor"),
    "linear": ("sklearn.linear_model:LogisticRegression", "sklearn.linear_model:Ridge"),
    "mlp": (
        "sklearn.neural_network:MLPClassifier",
        "sklearn.neural_network:MLPRegressor",
    ),
    "random_forest": (
        "sklearn.ensemble:RandomForestClassifier",
        "sklearn.ensemble:RandomForestRegressor",
    ),
    "svm": ("sklearn.svm:SVC", "sklearn.svm:SVR"),
    "xgboost": ("xgboost:XGBClassifier", "xgboost:XGBRegressor"),
}

#: name: module:class of a label encoder.
LABEL_ENCODERS: dict[str, str] = {"log1p": "windu.components.log_encoder:LogEncoder"}

#: Parameters of both, where a name means other than the library's own defaults.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "catboost": {"verbose": 0, "allow_writing_files": False},
    "lightgbm": {"verbose": -1},
    "linear": {"max_iter": 1000},
}


@dataclass(frozen=True)
class Wants:
    """The requirements of a model on its matrix.

    Attributes
    ----------
    codes : bool
        Ordinal codes are as good as one column a level.
    missing : bool
        Missing values may stay.
    categories : {"dtype", "texts"} or None
        How columns of texts are given to a model with categories of its own, where
        nothing encodes them before.
    plain_names : bool
        Names of features must not hold brackets and the like.
    """

    codes: bool
    missing: bool
    categories: Literal["dtype", "texts"] | None = None
    plain_names: bool = False


_NATIVE = {
    *("BoostedBlendClassifier", "BoostedBlendRegressor"),
    *("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"),
    *("LGBMClassifier", "LGBMRegressor", "LGBMRanker"),
    *("XGBClassifier", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor"),
    *("CatBoostClassifier", "CatBoostRegressor", "CatBoost"),
}
#: By how the name of the class starts.
_CATEGORIES: dict[str, Literal["dtype", "texts"]] = {
    **{"LGBM": "dtype", "XGBC": "dtype", "XGBR": "dtype", "Hist": "dtype"},
    **{"CatB": "texts"},
}
_TREES = {
    *("DecisionTreeClassifier", "DecisionTreeRegressor"),
    *("ExtraTreeClassifier", "ExtraTreeRegressor"),
    *("ExtraTreesClassifier", "ExtraTreesRegressor"),
    *("RandomForestClassifier", "RandomForestRegressor"),
    *("GradientBoostingClassifier", "GradientBoostingRegressor"),
}


def wants_of(model: Any) -> Wants:
    """Return the requirements of a model on its matrix.

    Parameters
    ----------
    model : estimator or None
        None stands for a consumer nobody knows.

    Returns
    -------
    Wants
        Imputed, scaled, one column a level for everything that is not known to
        be made of trees; meta-estimators want what their inner model wants.
    """
    name = type(model).__name__
    if name in _NATIVE:
        return Wants(
            codes=True,
            missing=True,
            categories=_CATEGORIES.get(name[:4]),
            plain_names=name.startswith(("LGBM", "XGB")),
        )
    if name in _TREES:
        return Wants(
            codes=True, missing=bool(model.__sklearn_tags__().input_tags.allow_nan)
        )
    inner = getattr(model, "estimator", None)
    return wants_of(inner) if inner is not None else Wants(codes=False, missing=False)


def model_type(model: Any) -> str | None:
    """Return "classifier" or "regressor" for a model that is one, else None.

    Parameters
    ----------
    model : str, estimator or None
        A name of scikit-learn's own says it too.

    Raises
    ------
    PartError
        If a meta-estimator holds nothing that it could ask.
    """
    if isinstance(model, str):
        model = _sklearn_estimators().get(model, None)
        model = model() if model is not None and _needs_nothing(model) else None
    if isinstance(model, type) or not hasattr(model, "__sklearn_tags__"):
        return None
    try:
        return model.__sklearn_tags__().estimator_type
    except AttributeError as error:
        raise PartError(
            f"The model {type(model).__name__} must tell whether it is a classifier or "
            "a regressor, and could not ask what it holds. Pass an estimator as each "
            "of its parameters that takes one."
        ) from error


def make_model(name: str, classifier: bool) -> Any:
    """Return a new model by its registered or scikit-learn name.

    Parameters
    ----------
    name : str
        One of `MODELS`, or the name of a class of scikit-learn.
    classifier : bool
        Which of the two to make of a registered name.

    Returns
    -------
    estimator
        Not fitted.

    Raises
    ------
    PartError
        If the name is not known, or needs a package that is not installed.
    """
    name = AUTO if name == "auto" else name
    if name in MODELS:
        module, class_name = MODELS[name][not classifier].split(":")
        try:
            cls = getattr(import_module(module), class_name)
        except ImportError as error:
            raise PartError(
                f"The model {name!r} needs the package {module}. It is not installed; "
                f"type: pip install 'windu[{name}]'."
            ) from error
        return cls(**_DEFAULTS.get(name, {}))
    estimator_class = _sklearn_estimators().get(name)
    if estimator_class is None:
        options = ["auto", *MODELS, *_sklearn_estimators()]
        raise PartError(
            "The model must be 'auto', None, an estimator, one of "
            f"{sorted(MODELS)} or the name of a scikit-learn class. Got {name!r}."
            + did_you_mean(name, options)
        )
    if not _needs_nothing(estimator_class):
        raise PartError(
            f"The model {name!r} cannot be made from its name alone: it needs other "
            f"estimators. Pass an object, {name}(...)."
        )
    return estimator_class()


def _needs_nothing(cls: Any) -> bool:
    return not _required(cls)


def _required(cls: Any) -> list[str]:
    return [
        p.name
        for p in signature(cls).parameters.values()
        if p.default is Parameter.empty
        and p.kind not in (Parameter.VAR_KEYWORD, Parameter.VAR_POSITIONAL)
    ]


def make_named(part: str, name: str) -> Any:
    """Return a new component by its name.

    Parameters
    ----------
    part : str
        Which part it shall be; for the message.
    name : str
        The name of a class of scikit-learn, for instance ``"StandardScaler"``; for a
        label encoder also one of `LABEL_ENCODERS`.

    Returns
    -------
    estimator
        Not fitted.

    Raises
    ------
    PartError
        If there is no such class, or it needs arguments.
    """
    if part == "label_encoder" and name in LABEL_ENCODERS:
        module, class_name = LABEL_ENCODERS[name].split(":")
        return getattr(import_module(module), class_name)()
    cls = _sklearn_transformers().get(name)
    if cls is None or _required(cls):
        raise PartError(
            f"The {part} must be 'auto', None, an object, or the name of a "
            f"scikit-learn transformer that needs no arguments. Got {name!r}."
            + did_you_mean(name, ["auto", *LABEL_ENCODERS, *_sklearn_transformers()])
        )
    return cls()


def names_of(part: str) -> list[str]:
    """Return the names that a part can have, "auto" and the registered ones first.

    Parameters
    ----------
    part : {"featurizer", "transformer", "label_encoder", "model"}
        Which part it shall be.

    Returns
    -------
    list of str
        Whatever is installed.
    """
    own: dict[str, Any] = {"model": MODELS, "label_encoder": LABEL_ENCODERS}
    classes = _sklearn_estimators() if part == "model" else _sklearn_transformers()
    alone = [name for name, cls in classes.items() if _needs_nothing(cls)]
    return ["auto", *own.get(part, ()), *alone]


@cache
def sklearn_classes() -> dict[str, Any]:
    """Return every estimator class of scikit-learn by its name."""
    return dict(all_estimators())


@cache
def _sklearn_estimators() -> dict[str, Any]:
    return dict(all_estimators(type_filter=["classifier", "regressor"]))


@cache
def _sklearn_transformers() -> dict[str, Any]:
    return dict(all_estimators(type_filter="transformer"))
