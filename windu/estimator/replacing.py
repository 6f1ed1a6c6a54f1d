"""`set_params` and `replace`: parameters and fitted parts changed afterwards."""

from __future__ import annotations

import copy
import warnings
from inspect import signature
from typing import Any, Self, TypeVar

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from windu._compat.bases import BaseEstimator
from windu.components.thresholds import ThresholdSelector
from windu.estimator.delegation import type_before_fit
from windu.estimator.parts import fresh_part, named_part
from windu.estimator.prediction import asked_for_frames
from windu.estimator.proof import proved, report_of
from windu.estimator.thresholding import response_of
from windu.exceptions import PartError, WinduWarning, did_you_mean
from windu.steps import PARTS

__all__ = [
    "PartParameters",
    "Replacing",
    "fitted_threshold",
    "kept_threshold",
    "laid_out",
    "renamed_threshold",
]

Part = TypeVar("Part")
_HOLDERS = (BaseEstimator, dict, list, tuple)


def laid_out(part: Part) -> Part:
    """Make the arrays of a fitted part contiguous.

    Loaded arrays are contiguous, and products of arrays with other strides can differ
    in the last bit.

    Parameters
    ----------
    part : object
        A fitted estimator, or what holds such; changed in place. Only arrays that are
        parts of others, or lie backwards, are copied.

    Returns
    -------
    object
        The part.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from windu.estimator.replacing import laid_out
    >>> model = LinearRegression()
    >>> model.coef_ = np.arange(6.0)[::2]
    >>> laid_out(model).coef_.flags.contiguous
    True
    """
    stack: list[Any] = [part] if _holds(part) else []
    seen = {id(part)}
    while stack:
        obj = stack.pop()
        for key, value in _items(obj):
            if isinstance(value, np.ndarray) and not value.flags.forc:
                place = vars(obj) if isinstance(obj, BaseEstimator) else obj
                if isinstance(place, (dict, list)):
                    place[key] = value = value.copy(order="C")
            if id(value) not in seen and _holds(value):
                seen.add(id(value))
                stack.append(value)
    return part


def _items(obj: Any) -> list[tuple[Any, Any]]:
    """Return the items that are or may hold arrays, with their keys."""
    if isinstance(obj, BaseEstimator):
        obj = vars(obj)
    if isinstance(obj, np.ndarray):
        obj = obj.ravel().tolist()
    values = obj.values() if isinstance(obj, dict) else obj
    # Vocabularies hold many thousands of texts and no arrays.
    kinds = {
        kind
        for kind in set(map(type, values))
        if issubclass(kind, (np.ndarray, *_HOLDERS))
    }
    if not kinds:
        return []
    pairs = obj.items() if isinstance(obj, dict) else enumerate(obj)
    return [(place, value) for place, value in pairs if type(value) in kinds]


def _holds(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype == object
    return isinstance(value, _HOLDERS)


def fitted_threshold(est: Any, threshold: Any) -> ThresholdSelector | None:
    """Return the fitted threshold for an argument of `replace`.

    Parameters
    ----------
    est : WinduEstimator
        Fitted.
    threshold : float, list of float, ThresholdSelector or None
        Fixed cuts, or a selector that is fitted.

    Returns
    -------
    ThresholdSelector or None
        Fitted; a copy.

    Raises
    ------
    PartError
        If a selector is not fitted, or was fitted on other classes.
    """
    if threshold is None:
        return None
    if est.task_ not in ("binary", "multiclass", "multilabel"):
        raise PartError(f"A threshold decides between classes. Got task={est.task_!r}.")
    _check_model(est)
    part = fresh_part("threshold", threshold, classifier=True)
    n, labels = len(est.classes_), est.task_ == "multilabel"
    margin = not hasattr(est, "predict_proba")
    if part.thresholds is not None:
        codes = np.empty((0, n) if labels else 0, dtype=np.int64)
        scores = np.empty((0, n if labels or n > 2 else 1))
        options: Any = {"margin": margin, "ranks": _known_ranks(est, part)}
        return part.choose(scores, codes, est.classes_, **options)
    if not hasattr(threshold, "thresholds_"):
        raise PartError(
            f"A new threshold must be fixed, or fitted. Got {threshold!r}. Choose "
            "it on rows that the model has not seen: ThresholdSelector('f1').fit("
            "est.predict_proba(X_dev), y_dev)."
        )
    labels_fitted = threshold.classes_.tolist()
    if len(labels_fitted) != n or (
        not labels and labels_fitted != est.classes_.tolist()
    ):
        raise PartError(
            "The threshold must be fitted on the classes "
            f"{est.classes_.tolist()}. Got {labels_fitted}. The rows it is chosen on "
            "must "
            "show every class."
        )
    columns = 1 if n == 2 and not labels else n
    if threshold.n_features_in_ not in (columns, n) or (
        threshold.margin_ and not margin
    ):
        raise PartError(
            "The threshold must be fitted on what "
            f"{'decision_function' if margin else 'predict_proba'} gives. Got one "
            f"fitted on {threshold.n_features_in_} columns of "
            f"{'distances' if threshold.margin_ else 'probabilities'}."
        )
    fitted = copy.deepcopy(threshold)
    fitted.classes_ = est.classes_
    return fitted


def _known_ranks(est: Any, part: ThresholdSelector) -> Any:
    ranks = getattr(est.threshold_, "ranks_", None)
    numbers = np.asarray(est.classes_).dtype.kind in "iuf"
    if part.ordered is True and ranks is None and not numbers:
        raise PartError(
            "The order of the classes must be known. Only an ordered threshold "
            "keeps it. Instead of ordered=True pass ordered=[...] with all of "
            f"{est.classes_.tolist()}, lowest first."
        )
    return ranks


def renamed_threshold(est: Any) -> ThresholdSelector | None:
    """Return a copy of the threshold with the current classes.

    Parameters
    ----------
    est : WinduEstimator
        With other parts than the threshold was chosen with.

    Returns
    -------
    ThresholdSelector or None
        The same cuts; a copy.
    """
    threshold: ThresholdSelector | None = est.threshold_
    if threshold is None or est.model_ is None:
        return threshold
    renamed = copy.copy(threshold)
    renamed.classes_ = est.classes_
    return renamed


def kept_threshold(est: Any) -> None:
    """Raise if the threshold does not fit the scores of a new model; else warn.

    Parameters
    ----------
    est : WinduEstimator
        With a new model, and the threshold that was there before.

    Raises
    ------
    PartError
        If there are no scores, or scores of another kind.
    """
    threshold = est.threshold_
    if threshold is None:
        return
    _check_model(est)
    margin = response_of(est.model_) == "decision_function"
    if margin != threshold.margin_:
        had, expected = ("distances", "probabilities")[
            :: 1 if threshold.margin_ else -1
        ]
        raise PartError(
            f"The threshold decides on {had}, and the new model gives {expected}. Pass "
            "threshold=... as well: None, a number, or a selector fitted on its scores."
        )
    if threshold.thresholds is None:
        warnings.warn(
            "The threshold stays as it was chosen, on scores of the model before. "
            "Choose it again on rows that the new model has not seen, and replace it: "
            "ThresholdSelector(...).fit(est.predict_proba(X_dev), y_dev).",
            WinduWarning,
            stacklevel=4,
        )


def _check_model(est: Any) -> None:
    if est.model_ is None:
        raise PartError(
            "A threshold needs a model. Got model=None. Pass threshold=None as well."
        )


class _Unchanged:
    """Marks a part that is not replaced; None removes a part."""

    def __repr__(self) -> str:
        return "<kept>"


_UNCHANGED: Any = _Unchanged()


class PartParameters(BaseEstimator):
    """`set_params` that builds a part from its name first."""

    def set_params(self, **params: Any) -> Self:
        """Set parameters, also of parts that are still names.

        Parameters
        ----------
        **params : dict
            ``model__learning_rate=0.1`` also works for ``model="auto"``, wherever the
            name or the task decides its class.

        Returns
        -------
        WinduEstimator
            Itself.

        Raises
        ------
        PartError
            For a name that does not exist, with the nearest one.
        """
        own = self._get_param_names()
        for name in (key.partition("__")[0] for key in params):
            if name not in own:
                raise PartError(
                    f"Invalid parameter {name!r} for estimator WinduEstimator. Valid "
                    f"parameters are: {own}." + did_you_mean(name, own)
                )
        plain = {key: value for key, value in params.items() if "__" not in key}
        nested = {key: value for key, value in params.items() if "__" in key}
        super().set_params(**plain)
        for key in nested:
            self._check_nested(*key.split("__", 1))
        super().set_params(**nested)
        return self

    def _check_nested(self, part: str, name: str) -> None:
        """Build a part from its name; raise if it lacks the parameter."""
        if part in PARTS and isinstance(getattr(self, part), str):
            kind = type_before_fit(self, exact=True)
            classifier = None if kind is None else kind == "classifier"
            fresh = named_part(part, getattr(self, part), classifier=classifier)
            setattr(self, part, fresh)
        part_value = getattr(self, part)
        if not hasattr(part_value, "get_params"):
            raise PartError(
                f"{part}__{name} needs a {part} with parameters. Got {part_value!r}. "
                "Pass an "
                f"estimator as {part} first."
            )
        # Some libraries accept parameters that `get_params` does not list.
        listed, arguments = (
            part_value.get_params(deep=True),
            signature(type(part_value).__init__),
        )
        names = sorted({*listed, *arguments.parameters} - {"self", "kwargs"})
        first = name.partition("__")[0]
        if first not in names and not _takes_any(part_value):
            raise PartError(
                f"Invalid parameter {first!r} for the {part} "
                f"{type(part_value).__name__}. "
                f"Valid parameters are: {names}." + did_you_mean(first, names)
            )


def _takes_any(part: Any) -> bool:
    parameters = signature(type(part).__init__).parameters.values()
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)


class Replacing:
    """The part of `WinduEstimator` that swaps fitted parts."""

    task_: str | None
    classes_: np.ndarray
    model_: Any
    threshold: Any
    threshold_: Any
    replacement_report_: pd.DataFrame

    #: Whether the featurizer was replaced after training.
    _swapped: bool = False

    def replace(
        self,
        *,
        featurizer: Any = _UNCHANGED,
        transformer: Any = _UNCHANGED,
        label_encoder: Any = _UNCHANGED,
        model: Any = _UNCHANGED,
        threshold: Any = _UNCHANGED,
    ) -> Self:
        """Return the fitted estimator with other parts, not trained again.

        The stored example, ``example_``, goes through the new chain as a proof. What
        is not given stays; None takes a part out. The parameters of the same name
        follow, so that a clone is trained with the new parts.

        Parameters
        ----------
        featurizer : callable, transformer or None
            A function from frame to frame, or a fitted transformer. It must give the
            features of training: the same names, values of the same meaning. Order,
            extra columns and dtypes are put right, here and in each prediction.
        transformer : callable, transformer or None
            A fitted one that takes these features, and gives a matrix as wide as
            before.
        label_encoder : transformer or None
            A fitted one: other names of as many classes, another scale of values.
        model : estimator or None
            A fitted one, for the same task, fitted on such a matrix and on codes as
            the label encoder gives them.
        threshold : float, list of float, ThresholdSelector or None
            Fixed cuts (or weights of several classes), a selector fitted on scores of
            this estimator, or None for the model's own decision. `predict_proba` and
            `classes_` stay as they are; `predict` follows. Nothing is replayed for it.

        Returns
        -------
        WinduEstimator
            A new one; this one does not change. Its ``replacement_report_`` tells how
            far the values of the example moved: a frame with one row a feature, one for
            the matrix, and one each for scores and predictions. It is not saved.

        Raises
        ------
        FeatureSchemaError
            If the new featurizer gives other features; ``report`` has all differences.
        PartError
            If a part is not fitted, or does not fit the others.

        Examples
        --------
        >>> from windu import WinduEstimator
        >>> from windu.datasets import load_nhefs
        >>> X, y = load_nhefs(return_X_y=True)
        >>> def in_pounds(frame):
        ...     return frame.assign(wt71=frame["wt71"] * 2.2)
        >>> def in_stones(frame):
        ...     return frame.assign(wt71=frame["wt71"] * 0.157)
        >>> est = WinduEstimator("linear", featurizer=in_pounds).fit(X, y)
        >>> other = est.replace(featurizer=in_stones)
        >>> report = other.replacement_report_.set_index("name")
        >>> int(report.loc["wt71", "n_changed"]), int(report.loc["age", "n_changed"])
        (20, 0)
        >>> float(est.replace(threshold=0.2).threshold_.thresholds_[0])
        0.2
        """
        check_is_fitted(self)
        parts = {
            "featurizer": featurizer,
            "transformer": transformer,
            "label_encoder": label_encoder,
            "model": model,
            "threshold": threshold,
        }
        new_parts = {
            name: part for name, part in parts.items() if part is not _UNCHANGED
        }
        if not new_parts:
            raise PartError(
                f"replace must be told what to replace. Got none of {list(parts)}."
            )
        replaced = copy.copy(self)
        vars(replaced).pop("replacement_report_", None)
        for name, part in new_parts.items():
            setattr(replaced, name, clone(part) if _is_estimator(part) else part)
            if name != "threshold":
                setattr(replaced, f"{name}_", self._fitted_part(name, part))
        if "featurizer" in new_parts:
            replaced._swapped = True
        if new_parts.keys() == {"threshold"}:
            replaced.threshold_ = fitted_threshold(replaced, threshold)
            return replaced
        replaced._replace_parts(self, new_parts)
        return replaced

    def _fitted_part(self, name: str, part: Any) -> Any:
        """Return a copy of a fitted part, or a transformer for a function."""
        if part is None:
            return None
        if isinstance(part, str):
            raise PartError(
                f"A new {name} must be fitted. Got the name {part!r}, of which fit "
                f"makes a {name}. Pass a fitted object, or set it as a parameter and "
                "call fit."
            )
        fresh = fresh_part(name, part, classifier=self.task_ != "regression")
        part_copy = laid_out(copy.deepcopy(part)) if _is_estimator(part) else fresh
        return asked_for_frames(part_copy) if name == "featurizer" else part_copy

    def _replace_parts(self, est: Any, new_parts: dict[str, Any]) -> None:
        """Replay the new parts, and keep or drop the threshold."""
        before, after = proved(est, self, new_parts)
        self.threshold_ = renamed_threshold(self)
        if "threshold" in new_parts:
            self.threshold_ = fitted_threshold(self, new_parts["threshold"])
        elif "model" in new_parts:
            kept_threshold(self)
        self.replacement_report_ = report_of(est, self, before, after)

    def _forget_replacement(self) -> None:
        """Reset the state of `replace`: all parts are from one training."""
        self._swapped = False
        vars(self).pop("replacement_report_", None)

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()  # type: ignore[assignment]
        return {k: v for k, v in state.items() if k != "replacement_report_"}


def _is_estimator(part: Any) -> bool:
    return hasattr(part, "get_params") and not isinstance(part, type)
