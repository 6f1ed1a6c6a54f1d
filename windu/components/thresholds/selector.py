"""`ThresholdSelector`: from scores to labels, by the cuts that suit a purpose."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from windu._compat.bases import BaseEstimator
from windu._compat.row_order import match_rows
from windu._compat.sklearn import (
    HasMethods,
    Interval,
    StrOptions,
    check_sample_weight,
    fit_context,
)
from windu.components.thresholds.decisions import ranks_of, read_scores, read_truth
from windu.components.thresholds.objectives import Constrained
from windu.components.thresholds.purpose import (
    family_for,
    name_of,
    purpose_of,
    warn_if_missed,
)
from windu.components.thresholds.rules import search
from windu.components.thresholds.scorers import (
    cut_of_last_class,
    warn_of_constant_scores,
    warn_of_idle_cuts,
)
from windu.components.thresholds.spread import (
    curve_of,
    folds_of,
    no_gain_elsewhere,
    spread_of,
)
from windu.exceptions import WinduWarning

__all__ = ["ThresholdSelector"]


class ThresholdSelector(BaseEstimator):
    """Choose the cuts that turn scores to labels, for a score, for costs, for a bound.

    Two classes have one cut, several labels one each, several classes one weight each:
    the largest weighted score decides. Ordered classes may have cuts on one score.

    Parameters
    ----------
    scoring : str, callable or None, default="balanced_accuracy"
        What is raised: the name of a scorer of scikit-learn that depends on decisions,
        ``"specificity"``, ``"negative_predictive_value"``, ``"cohen_kappa"``,
        ``"linear_kappa"``, ``"quadratic_kappa"``, a scorer, or a metric
        ``f(y_true, y_pred)``. Where there are more than two classes, or several
        labels, the score of the positive class (``"f1"``) is the mean over them.
        Ignored where there are costs.
    cost_matrix : array-like of shape (n_classes, n_classes), default=None
        Cost of deciding class j where class i is true, at ``[i, j]``; a frame may
        name the classes. What is lowered is the mean cost.
    constraint : mapping of str to float or tuple of (str, float), default=None
        Scores that must be reached, as ``{"precision": 0.9}``.
    thresholds : float or array-like of float, default=None
        Fixed cuts, or weights of classes; nothing is chosen then.
    ordered : bool or list of labels, default=False
        Whether classes are ordered, and cuts shall be put on the mean rank. A list
        gives their order.
    pos_label : label, default=None
        The positive class of two; the last of ``classes_`` by default. A fixed cut is
        one of its score, and `thresholds_` the same cut of the last class.
    cv : int, float, splitter, list of splits or "prefit", default=5
        Inside `WinduEstimator`: what gives scores of rows that the model has not seen.
        Folds, the share of one dev split, or ``"prefit"`` for scores of the rows that
        the model was fitted on. Here alone: folds that `score_std_` is taken over.
    min_samples : int, default=50
        With fewer rows the plain decision is kept, with a warning.

    Attributes
    ----------
    thresholds_ : ndarray of shape (n_cuts,)
        One cut for two classes, one a label, one weight a class, or the cuts between
        ordered classes.
    score_, plain_score_ : float
        With these cuts and with the plain decision, of all rows together (the mean of
        a score of each fold would be biased [1]_). NaN where nothing was chosen.
    score_std_ : float
        Standard deviation of the score over the folds.
    thresholds_std_ : ndarray of shape (n_cuts,)
        Standard deviation of the cuts that each fold would have chosen.
    curve_ : pandas.DataFrame
        The score, and its standard deviation, along each cut, the others kept.
    score_name_ : str
        What `score_` is.
    reason_ : str
        Why the plain decision was kept; empty otherwise. Weights of several classes
        are kept only if weights chosen on the other folds raise the score.
    classes_ : ndarray of shape (n_classes,)
        Classes, or names of labels.

    References
    ----------
    .. [1] G. Forman, M. Scholz, "Apples-to-apples in cross-validation studies", ACM
       SIGKDD Explorations 12(1), 2010.

    Examples
    --------
    >>> from windu import ThresholdSelector
    >>> scores = [0.1, 0.2, 0.25, 0.3, 0.35, 0.4]
    >>> selector = ThresholdSelector("f1", cv=2, min_samples=1)
    >>> selector = selector.fit(scores, ["no", "no", "no", "yes", "yes", "yes"])
    >>> selector.thresholds_.round(3), selector.plain_score_, selector.score_
    (array([0.275]), 0.0, 1.0)
    >>> selector.predict([0.2, 0.3])
    array(['no', 'yes'], dtype='<U3')
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "scoring": [str, callable, None],
        "cost_matrix": ["array-like", None],
        "constraint": [Mapping, tuple, list, None],
        "thresholds": [Real, "array-like", None],
        "ordered": ["boolean", list, np.ndarray],
        "pos_label": "no_validation",
        "cv": [
            Interval(Integral, 2, None, closed="left"),
            Interval(Real, 0, 1, closed="neither"),
            StrOptions({"prefit"}),
            HasMethods(["split", "get_n_splits"]),
            list,
            tuple,
        ],
        "min_samples": [Interval(Integral, 0, None, closed="left")],
    }

    def __init__(
        self,
        scoring: Any = "balanced_accuracy",
        *,
        cost_matrix: Any = None,
        constraint: Any = None,
        thresholds: Any = None,
        ordered: Any = False,
        pos_label: Any = None,
        cv: Any = 5,
        min_samples: int = 50,
    ):
        self.scoring = scoring
        self.cost_matrix = cost_matrix
        self.constraint = constraint
        self.thresholds = thresholds
        self.ordered = ordered
        self.pos_label = pos_label
        self.cv = cv
        self.min_samples = min_samples

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, scores: Any, y: Any, sample_weight: Any = None, costs: Any = None
    ) -> ThresholdSelector:
        """Choose the cuts on scores of rows that no model was fitted on.

        Parameters
        ----------
        scores : array-like of shape (n_samples,), (n_samples, n_classes) or \
                (n_samples, n_labels)
            What `predict_proba` or `decision_function` gave.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            True classes, or 0 and 1 a label.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.
        costs : array-like of shape (n_samples,) or (n_samples, n_classes), default=None
            What a wrong decision costs in each row, or what each decision costs there;
            for labels what a wrong decision of each costs.

        Returns
        -------
        ThresholdSelector
            The fitted selector.

        Raises
        ------
        TargetError
            If scores and y do not fit each other.
        PartError
            If a score, a bound or a cost matrix cannot be used, or weights or costs
            are of other rows.
        """
        match_rows(
            {"scores": scores, "y": y, "sample_weight": sample_weight, "costs": costs}
        )
        codes, classes = read_truth(y)
        table = read_scores(scores, len(codes))
        return self.choose(
            table,
            codes,
            classes,
            sample_weight=sample_weight,
            costs=costs,
            folds=folds_of(self.cv, codes),
            ranks=ranks_of(y),
        )

    def choose(
        self,
        scores: np.ndarray,
        codes: np.ndarray,
        classes: np.ndarray,
        *,
        sample_weight: Any = None,
        costs: Any = None,
        folds: np.ndarray | None = None,
        margin: bool | None = None,
        ranks: Any = None,
        reason: str = "",
    ) -> ThresholdSelector:
        """Choose the cuts for a target that is encoded already.

        Parameters
        ----------
        scores : ndarray of shape (n_samples, n_columns)
            As in `fit`.
        codes : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Positions in `classes`, or 0 and 1 a label.
        classes : ndarray of shape (n_classes,)
            All classes, also those that no row has.
        sample_weight, costs : array-like, default=None
            As in `fit`.
        folds : ndarray of shape (n_samples,), default=None
            Number of the fold of each row.
        margin : bool, default=None
            Whether scores are distances from a border, not probabilities; None tells
            by whether all lie from 0 to 1.
        ranks : list of labels, default=None
            Order of the classes, where it is known; ``ordered=True`` uses it.
        reason : str, default=""
            Why nothing can be chosen, where the caller knows.

        Returns
        -------
        ThresholdSelector
            The fitted selector.
        """
        if margin is None:
            margin = bool(((scores < 0) | (scores > 1)).any())
        self.classes_ = classes
        family = family_for(self, scores, codes, classes, margin, ranks)
        self._family = family
        self.n_features_in_ = scores.shape[1]
        self.score_ = self.plain_score_ = self.score_std_ = float("nan")
        self.score_name_ = name_of(self, costs)
        self._curve: dict[str, list[Any]] = {}
        fixed = self.thresholds is not None
        cuts = family.start()
        if fixed:
            cuts = family.fixed(self.thresholds)
            warn_of_idle_cuts(family, cuts)
            if self.pos_label is not None and family.kind == "binary":
                cuts = cut_of_last_class(cuts, self.pos_label, classes, family.margin)
        self.reason_ = "" if fixed else reason or self._reason(codes)
        if self.reason_:
            warnings.warn(
                f"The threshold stays at {family.rule.stored(cuts)}, the decision "
                f"without a selection: {self.reason_}",
                WinduWarning,
                stacklevel=4,
            )
        self.thresholds_ = family.rule.stored(cuts)
        self.thresholds_std_ = np.full(len(cuts), np.nan)
        if not len(codes) or self.reason_:
            return self
        weight = check_sample_weight(sample_weight, codes, ensure_non_negative=True)
        truth = family.truth(codes, weight, costs)
        evidence = family.evidence(scores)
        objective = purpose_of(self, family, classes, costs)
        if not objective.weighted and np.ptp(weight):
            warnings.warn(
                f"The score {self.score_name_} takes no weights: it counts all rows "
                "alike. Give the function a parameter sample_weight.",
                WinduWarning,
                stacklevel=4,
            )
        if not fixed:
            warn_of_constant_scores(evidence, folds)
            best = search(family.rule, evidence, truth, objective, cuts)
            if family.kind == "multiclass" and not isinstance(objective, Constrained):
                # Many weights overfit easily.
                rest = family.rule, evidence, truth, objective, cuts, folds
                self.reason_ = no_gain_elsewhere(*rest)
            cuts = cuts if self.reason_ else best
            self.thresholds_ = family.rule.stored(cuts)
        self._judge(objective, scores, evidence, truth, folds, fixed=fixed)
        return self

    def _judge(
        self,
        objective: Any,
        scores: np.ndarray,
        evidence: np.ndarray,
        truth: Any,
        folds: Any,
        *,
        fixed: bool,
    ) -> None:
        """Store the score of the cuts and its spread over folds."""
        family, needed_family = self._family, getattr(objective, "objective", objective)
        rule, cuts = family.rule, family.rule.cuts(self.thresholds_)
        decided = rule.decide(evidence, cuts)
        self.score_ = needed_family.of(decided, truth)
        self.plain_score_ = needed_family.of(family.plain_decision(scores), truth)
        self.score_std_, self.thresholds_std_ = spread_of(
            rule, evidence, truth, (needed_family, objective), cuts, folds, fixed=fixed
        )
        names = [None] if family.kind == "binary" else self.classes_.tolist()
        if self.ranks_ is not None:
            pairs = zip(self.ranks_[:-1], self.ranks_[1:], strict=True)
            names = [f"{low} | {high}" for low, high in pairs]
        self._curve = curve_of(
            rule, evidence, truth, needed_family, self.thresholds_, folds, names
        )
        if isinstance(objective, Constrained) and not fixed:
            warn_if_missed(self, objective, decided, truth)
        elif family.kind == "ordered" and not fixed and self.score_ < self.plain_score_:
            warnings.warn(
                f"Cuts on the mean rank give {self.score_name_} {self.score_:.4g}, the "
                f"largest probability {self.plain_score_:.4g}. Leave out ordered=, "
                "unless the order of the decisions matters.",
                WinduWarning,
                stacklevel=5,
            )

    def too_few(self, n_rows: int) -> str:
        """Return why the rows are too few, or "" if they are enough.

        Parameters
        ----------
        n_rows : int
            Number of rows.

        Returns
        -------
        str
            The reason.
        """
        if n_rows >= self.min_samples:
            return ""
        return (
            f"{n_rows} rows are fewer than min_samples={self.min_samples}. Lower "
            "min_samples, or use more rows."
        )

    def check(
        self, classes: np.ndarray | None, *, labels: bool = False, ranks: Any = None
    ) -> None:
        """Raise for parameters that do not fit the classes, before anything is fitted.

        Parameters
        ----------
        classes : ndarray of shape (n_classes,) or None
            Classes or labels; None for labels that are not known yet.
        labels : bool, default=False
            Whether each row may have several.
        ranks : list of labels, default=None
            As in `choose`.

        Raises
        ------
        PartError
            For a score, an order, costs or cuts that cannot be.
        """
        self._validate_params()
        has_classes = classes is not None
        classes = np.arange(2) if classes is None else classes
        n = len(classes)
        scores = np.empty((0, n if labels or n > 2 else 1))
        codes = np.empty((0, n) if labels else 0, dtype=np.int64)
        family = family_for(self, scores, codes, classes, False, ranks)
        if self.thresholds is not None and has_classes:
            family.fixed(self.thresholds)
        # Without an objective, costs of each row are needed.
        costs = () if self.scoring is None and self.cost_matrix is None else None
        purpose_of(self, family, classes, costs)

    def predict(self, scores: Any) -> np.ndarray:
        """Return the labels for scores.

        Parameters
        ----------
        scores : array-like of shape (n_samples,), (n_samples, n_classes) or \
                (n_samples, n_labels)
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            Labels, or 0 and 1 a label.

        Raises
        ------
        TargetError
            For another number of columns than in `fit`.
        """
        codes = self.decide(scores)
        return codes if codes.ndim == 2 else self.classes_[codes]

    def decide(self, scores: Any) -> np.ndarray:
        """Return the codes of the labels for scores.

        Parameters
        ----------
        scores : array-like
            As in `predict`.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            Positions in ``classes_``, or 0 and 1 a label.
        """
        check_is_fitted(self)
        family = self._family
        return family.decide(read_scores(scores), family.rule.cuts(self.thresholds_))

    @property
    def kind_(self) -> str:
        """``"binary"``, ``"multiclass"``, ``"multilabel"`` or ``"ordered"``."""
        check_is_fitted(self)
        return self._family.kind

    @property
    def margin_(self) -> bool:
        """Whether it decides on distances from a border, not on probabilities."""
        check_is_fitted(self)
        return bool(self._family.margin)

    @property
    def ranks_(self) -> list[Any] | None:
        """Ordered classes, lowest first; None where they have no order."""
        check_is_fitted(self)
        order = self._family.order
        return None if order is None else self.classes_[order].tolist()

    @property
    def curve_(self) -> pd.DataFrame:
        """The score along each cut, the others kept."""
        check_is_fitted(self)
        empty: dict[str, list[Any]] = {"threshold": [], "score": [], "std": []}
        return pd.DataFrame(self._curve or empty)

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if isinstance(costs := state.get("cost_matrix"), pd.DataFrame):
            # Stored as arrays, since skops does not support frames.
            state["cost_matrix"] = costs.to_dict("tight")
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        if isinstance(costs := state.get("cost_matrix"), dict):
            costs = pd.DataFrame.from_dict(costs, orient="tight")
            state = {**state, "cost_matrix": costs}
        super().__setstate__(state)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # The columns are scores of classes.
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.target_tags.required = True
        return tags

    def _reason(self, codes: np.ndarray) -> str:
        if few := self.too_few(len(codes)):
            return few
        if codes.ndim == 1 and len(present := np.unique(codes)) < 2:
            return f"all rows are of the class {self.classes_.tolist()[present[0]]!r}."
        return ""
