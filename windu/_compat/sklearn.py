"""Private names of scikit-learn, what 1.8 lacks, and the threads it computes with."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from copy import copy
from functools import lru_cache
from inspect import signature
from typing import Any, TypeVar

from sklearn.base import _fit_context
from sklearn.metrics._scorer import _BaseScorer as Scorer
from sklearn.metrics._scorer import _MultimetricScorer, _Scorer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.model_selection._search import BaseSearchCV
from sklearn.model_selection._validation import _score
from sklearn.preprocessing import TargetEncoder
from sklearn.utils import _safe_indexing as take_rows
from sklearn.utils._metadata_requests import _routing_enabled as routing_enabled
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    InvalidParameterError,
    StrOptions,
    validate_parameter_constraints,
)
from sklearn.utils._set_output import _get_output_config, _wrap_data_with_container
from sklearn.utils._user_interface import _print_elapsed_time as elapsed_time
from sklearn.utils.metaestimators import _safe_split as split_rows
from sklearn.utils.metaestimators import available_if as _available_if
from sklearn.utils.validation import _check_method_params as check_metadata
from sklearn.utils.validation import _check_sample_weight as check_sample_weight
from sklearn.utils.validation import _num_samples as count_rows
from threadpoolctl import ThreadpoolController

__all__ = [
    "SMALL_FIT",
    "BaseSearchCV",
    "CallbackSupportMixin",
    "HasMethods",
    "Interval",
    "Scorer",
    "StrOptions",
    "VisualBlock",
    "available_if",
    "change_scorers",
    "check_metadata",
    "check_parameter",
    "check_sample_weight",
    "count_rows",
    "elapsed_time",
    "fit_context",
    "openmp_threads",
    "output_is_default",
    "propagated",
    "routing_enabled",
    "score_of",
    "scorer_parts",
    "split_rows",
    "take_rows",
    "target_encoder",
    "with_function",
    "with_labels",
    "wrap_output",
]

try:
    from sklearn.utils._repr_html.estimator import _VisualBlock as VisualBlock
except ImportError:  # scikit-learn 1.8 before the move
    from sklearn.utils._estimator_html_repr import _VisualBlock as VisualBlock

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # callbacks came with scikit-learn 1.9

    class _SilentContext:
        """A callback context without callbacks."""

        def subcontext(self, **_: Any) -> _SilentContext:
            return self

        def call_on_fit_task_begin(self, **_: Any) -> _SilentContext:
            return self

        def call_on_fit_task_end(self, **_: Any) -> bool:
            return False

        def propagate_callback_context(
            self, estimator: Any
        ) -> AbstractContextManager[None]:
            return nullcontext()

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in for the mixin of scikit-learn 1.9."""

        def _init_callback_context(self, **_: Any) -> _SilentContext:
            return _SilentContext()


# From 1.9 on a splitter carries the seed; before, the encoder did.
_TARGET_ENCODER_TAKES_SPLITTERS = (
    "cv_object" in TargetEncoder._parameter_constraints["cv"]
)


Method = TypeVar("Method", bound=Callable[..., Any])


def fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[Method], Method]:
    """Return the decorator of scikit-learn for `fit`, which keeps types here."""
    decorator: Callable[[Method], Method] = _fit_context(
        prefer_skip_nested_validation=prefer_skip_nested_validation
    )
    return decorator


def available_if(check: Callable[[Any], Any]) -> Callable[[Method], Method]:
    """Return the decorator of scikit-learn for methods, which keeps types here."""
    decorator: Callable[[Method], Method] = _available_if(check)
    return decorator


@contextmanager
def propagated(context: Any, estimator: Any) -> Iterator[None]:
    """Pass callbacks on to a part that supports them.

    Parameters
    ----------
    context : CallbackContext
        The context of the step that fits the part.
    estimator : estimator
        The part.
    """
    if hasattr(estimator, "set_callbacks"):
        with context.propagate_callback_context(estimator):
            yield
    else:
        yield


def check_parameter(cls: type, name: str, value: Any) -> str:
    """Return why a parameter is invalid, by the constraints of its class.

    Parameters
    ----------
    cls : type
        Of an estimator; one without rules allows everything.
    name : str
        A parameter of it.
    value : object
        What it shall be.

    Returns
    -------
    str
        A sentence, empty if nothing is wrong.
    """
    rules = getattr(cls, "_parameter_constraints", {})
    try:
        validate_parameter_constraints(rules, {name: value}, cls.__name__)
    except InvalidParameterError as error:
        return str(error)
    return ""


def output_is_default(estimator: Any) -> bool:
    """Tell whether `set_output` was not used."""
    return bool(_get_output_config("transform", estimator)["dense"] == "default")


def wrap_output(matrix: Any, X: Any, estimator: Any) -> Any:
    """Return what `transform` made in the container that `set_output` asked for."""
    return _wrap_data_with_container("transform", matrix, X, estimator)


def score_of(
    scorer: Any, estimator: Any, X: Any, y: Any, params: dict[str, Any]
) -> dict[str, float]:
    """Return the scores of a fitted estimator by name; one alone is ``"score"``.

    Parameters
    ----------
    scorer : callable
        Returns a number or a mapping from name to number.
    estimator : estimator
        Fitted.
    X : table of shape (n_samples, n_columns)
        Whose rows are scored.
    y : array-like or None
        None is not passed on.
    params : dict
        Metadata for the scorer.

    Returns
    -------
    dict of str to float
        What cannot be scored is raised.
    """
    if isinstance(scorer, _MultimetricScorer):
        # It may collect the errors of its members as texts.
        scorer = copy(scorer)
        scorer._raise_exc = True
    scores = _score(estimator, X, y, scorer, params, "raise")
    return dict(scores) if isinstance(scores, dict) else {"score": scores}


def scorer_parts(scorer: Any) -> tuple[Any, int, dict[str, Any], str] | None:
    """Return function, sign, options and response method of a scorer, None of others.

    Parameters
    ----------
    scorer : scorer or callable
        What `sklearn.metrics.make_scorer` gives, or anything else.

    Returns
    -------
    tuple of (callable, int, dict, str) or None
        The response method of several is the first.
    """
    if not isinstance(scorer, _Scorer):
        return None
    response = scorer._response_method
    first = response if isinstance(response, str) else response[0]
    return scorer._score_func, scorer._sign, dict(scorer._kwargs), first


def with_labels(scorer: Any, labels: Any) -> Any:
    """Return a scorer whose scores of probabilities know all classes.

    Without that scikit-learn takes the classes of the scored rows for all there are.

    Parameters
    ----------
    scorer : scorer or callable
        What `sklearn.metrics.make_scorer` gives.
    labels : ndarray of shape (n_classes,)
        Of the columns of probabilities.

    Returns
    -------
    scorer or callable
        The same for scores that do not ask for labels, or have them.
    """
    parts = scorer_parts(scorer)
    if parts is None:
        return scorer
    changed = copy(scorer)
    function, _, options, response = parts
    # In other scores `labels` selects what is averaged.
    if response == "predict_proba" and "labels" in signature(function).parameters:
        changed._kwargs = {"labels": labels, **options}
    return changed


def with_function(scorer: Any, function: Callable[..., float]) -> Any:
    """Return a scorer with the same response method and another function.

    Parameters
    ----------
    scorer : scorer
        What `sklearn.metrics.make_scorer` gives.
    function : callable
        Of truth and outputs.

    Returns
    -------
    scorer
        With the sign and the options of the other.
    """
    changed = copy(scorer)
    changed._score_func = function
    return changed


def change_scorers(scorer: Any, change: Callable[[Any], Any]) -> Any:
    """Return a scorer with scikit-learn's own changed.

    Parameters
    ----------
    scorer : scorer or callable
        One, or several by name.
    change : callable
        Called with each that `sklearn.metrics.make_scorer` gives.

    Returns
    -------
    scorer or callable
        A user's functions are left alone.
    """
    if isinstance(scorer, _MultimetricScorer):
        changed = copy(scorer)
        changed._scorers = {
            name: change_scorers(inner, change)
            for name, inner in scorer._scorers.items()
        }
        return changed
    return change(scorer) if isinstance(scorer, _Scorer) else scorer


def target_encoder(task: str | None, random_state: int | None) -> TargetEncoder:
    """Return a cross-fitted `TargetEncoder` whose folds follow a seed.

    Parameters
    ----------
    task : str
        The folds of classes are stratified.
    random_state : int or None
        The seed.

    Returns
    -------
    sklearn.preprocessing.TargetEncoder
        Not fitted.
    """
    # By default the encoder treats whole numbers as classes.
    kind = "continuous" if task == "regression" else task
    if not _TARGET_ENCODER_TAKES_SPLITTERS:
        return TargetEncoder(target_type=kind, random_state=random_state)
    splitter = KFold if task == "regression" else StratifiedKFold
    folds = splitter(5, shuffle=True, random_state=random_state)
    return TargetEncoder(target_type=kind, cv=folds)


#: Below this many cells one thread is as fast as a pool, and never waits for one.
SMALL_FIT = 50_000
SMALL_PREDICT = 20_000


@lru_cache(maxsize=1)
def _controller(n_modules: int) -> ThreadpoolController:
    """Find the loaded OpenMP libraries, again if one may have been loaded since."""
    return ThreadpoolController()


def openmp_threads(cells: int, *, fit: bool) -> AbstractContextManager[Any]:
    """Return a context in which small work runs on one OpenMP thread.

    Only OpenMP is limited: its limit belongs to the calling thread, so that
    predictions in several threads do not undo each other's; BLAS limits are global.

    Parameters
    ----------
    cells : int
        Rows times columns of the work.
    fit : bool
        Whether the work is fitting.

    Returns
    -------
    context manager
        Does nothing for large work.
    """
    if cells > (SMALL_FIT if fit else SMALL_PREDICT):
        return nullcontext()
    controller = _controller(len(sys.modules))
    limit: AbstractContextManager[Any] = controller.limit(limits=1, user_api="openmp")
    return limit
