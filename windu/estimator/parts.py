"""Unfitted components from the arguments of a user, and their diagram."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import check_random_state

from windu._compat.sklearn import VisualBlock
from windu.components.featurizers import AutoFeaturizer
from windu.components.registry import StoredPart, make_model, make_named, model_type
from windu.components.thresholds import ThresholdSelector
from windu.components.transformers import AutoTransformer
from windu.exceptions import PartError
from windu.steps import PARTS

__all__ = [
    "fresh_part",
    "name_of",
    "named_part",
    "visual_block",
    "with_defaults",
]

_AUTO: dict[str, Callable[[], Any]] = {
    "featurizer": AutoFeaturizer,
    "transformer": AutoTransformer,
    "threshold": ThresholdSelector,
}
_NEEDS: dict[str, tuple[str, ...]] = {
    "featurizer": ("fit", "transform"),
    "transformer": ("fit", "transform"),
    "label_encoder": ("fit", "transform", "inverse_transform"),
    "model": ("fit", "predict"),
    "threshold": ("choose", "decide"),
}


def fresh_part(name: str, part: Any, *, classifier: bool | None) -> Any:
    """Return the unfitted component for an argument.

    Parameters
    ----------
    name : str
        One of `PARTS`.
    part : None, str, estimator or callable
        A callable stands for a featurizer or transformer.
    classifier : bool or None
        Whether the task is one of classes, where it is known.

    Returns
    -------
    estimator or None
        A clone of what was given; None for a part that is absent. A label encoder
        that is still "auto" depends on the target, and comes back as "auto".

    Raises
    ------
    PartError
        If the argument is not valid for this part.
    """
    if part is None:
        return None
    if isinstance(part, StoredPart):
        raise PartError(
            f"The {name} {part!r} must be looked up before it is used. A "
            "TrainingPipeline does that; elsewhere, pass FrozenEstimator("
            f"store.load_part({part.run!r}, {part.part or name!r}))."
        )
    if name == "threshold" and _are_numbers(part):
        return ThresholdSelector(thresholds=part)
    if isinstance(part, str):
        if part == "auto" and name == "label_encoder":
            return part
        return named_part(name, part, classifier=classifier)
    if isinstance(part, type):
        raise PartError(
            f"The {name} must be an object. Got the class {part.__name__}; pass "
            f"{part.__name__}()."
        )
    # Some meta-estimators, such as StackingClassifier, have `predict` only once fitted.
    is_model = name == "model" and hasattr(part, "fit") and model_type(part) is not None
    if is_model or all(hasattr(part, method) for method in _NEEDS[name]):
        return clone(part)
    if name in ("featurizer", "transformer") and callable(part):
        return FunctionTransformer(part)
    raise PartError(
        f"The {name} must be {_accepted(name)}. Got {part!r} of type "
        f"{type(part).__name__}, which has no "
        + " and no ".join(m for m in _NEEDS[name] if not hasattr(part, m))
        + "."
    )


def named_part(name: str, part: str, *, classifier: bool | None) -> Any:
    """Return the component that a name stands for.

    Parameters
    ----------
    name : str
        One of `PARTS`.
    part : str
        "auto", a registered name, or the name of a class of scikit-learn; for a
        threshold the name of a score.
    classifier : bool or None
        Whether the task is one of classes, where it is known.

    Returns
    -------
    estimator
        Not fitted.

    Raises
    ------
    PartError
        If the name is unknown, or its class depends on a task that is unknown.
    """
    if name in _AUTO and part == "auto":
        return _AUTO[name]()
    if name == "threshold":
        return ThresholdSelector(part)
    if name != "model":
        if part == "auto":
            raise PartError(
                f"The {name} 'auto' is built in fit, by the target. Its "
                f"parameters cannot be set before; pass an object as {name}."
            )
        return make_named(name, part)
    if classifier is None and (kind := model_type(part)) is not None:
        classifier = kind == "classifier"
    if classifier is None:
        raise PartError(
            f"The name {part!r} stands for a classifier and a regressor. Say which: "
            "pass task='binary', 'multiclass', 'multilabel' or 'regression', or an "
            "object as model."
        )
    return make_model(part, classifier)


def name_of(part: Any) -> str:
    """Return the name of a part for messages: of the function, or of the class.

    Parameters
    ----------
    part : object
        A part as given, or fitted.

    Returns
    -------
    str
        "none" for an absent part.
    """
    if part is None:
        return "none"
    if isinstance(part, FunctionTransformer) and part.func is not None:
        part = part.func
    return getattr(part, "__name__", type(part).__name__)


def with_defaults(part: Any, *, random_state: Any, n_jobs: int | None) -> Any:
    """Set every ``random_state`` and ``n_jobs`` of a part that is still None.

    Parameters
    ----------
    part : estimator or None
        A fresh part; changed in place.
    random_state : int, RandomState instance or None
        An int is passed on as it is; from an instance one int is drawn.
    n_jobs : int or None
        Number of jobs.

    Returns
    -------
    estimator or None
        The part.
    """
    if not hasattr(part, "get_params"):
        return part
    makers: dict[str, Callable[[], Any]] = {}
    if random_state is not None:
        makers["random_state"] = lambda: as_seed(random_state)
    if n_jobs is not None:
        makers["n_jobs"] = lambda: n_jobs
    if isinstance(part, LogisticRegression):
        # Its n_jobs does nothing since scikit-learn 1.8, and warns.
        makers.pop("n_jobs", None)
    changes = {
        key: makers[last]()
        for key, value in sorted(part.get_params(deep=True).items())
        if value is None and (last := key.rpartition("__")[2]) in makers
    }
    if changes:
        part.set_params(**changes)
    return part


def as_seed(random_state: Any) -> int | None:
    """Return one int for a ``random_state``; None stays None.

    Parameters
    ----------
    random_state : int, RandomState instance or None
        As in scikit-learn.

    Returns
    -------
    int or None
        A seed.
    """
    if random_state is None or isinstance(random_state, (int, np.integer)):
        return random_state if random_state is None else int(random_state)
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def _are_numbers(part: Any) -> bool:
    if isinstance(part, (list, tuple, np.ndarray)):
        return all(isinstance(value, Real) for value in np.ravel(np.asarray(part)))
    return isinstance(part, Real) and not isinstance(part, bool)


def _accepted(name: str) -> str:
    if name == "threshold":
        return "None, a number, a list of numbers, a score's name, a ThresholdSelector"
    function = ", a function" if name in ("featurizer", "transformer") else ""
    return f"'auto', None, a name, an estimator{function}"


def visual_block(estimator: Any) -> Any:
    """Return the block that scikit-learn draws in notebooks.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted parts are drawn where there are some.

    Returns
    -------
    visual block
        Serial, one box per part.
    """
    parts = {name: _part(estimator, name) for name in PARTS}
    titles = [f"{name}: {_title(part)}" for name, part in parts.items()]
    return VisualBlock(
        "serial",
        [_box(part, title) for part, title in zip(parts.values(), titles, strict=True)],
        names=titles,
        name_details=[str(part) for part in parts.values()],
        dash_wrapped=False,
    )


def _box(part: Any, title: str) -> Any:
    if hasattr(part, "get_params"):
        return VisualBlock("serial", [part], dash_wrapped=False)
    # This kind of block shows only a title.
    return VisualBlock("single", None, names=title, name_details=str(part))


def _part(estimator: Any, name: str) -> Any:
    return vars(estimator).get(f"{name}_", getattr(estimator, name))


def _title(part: Any) -> str:
    if part is None:
        return "none"
    if isinstance(part, str):
        return part
    return getattr(part, "__name__", type(part).__name__)
