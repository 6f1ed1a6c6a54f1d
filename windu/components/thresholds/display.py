"""`ThresholdCurveDisplay`: the score along each cut, as a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from windu._compat.row_order import match_rows
from windu.components.thresholds.selector import ThresholdSelector
from windu.exceptions import PartError

__all__ = ["ThresholdCurveDisplay"]

#: Largest number of curves in one picture.
_CURVES = 10
#: Largest number of curves that are drawn with their spread.
_BANDS = 3


class ThresholdCurveDisplay:
    """Picture of the score along each cut, with its spread over folds.

    Use `from_estimator` or `from_predictions`. Drawing needs matplotlib
    (``pip install "windu[plot]"``).

    Parameters
    ----------
    curve : pandas.DataFrame
        ``curve_`` of a `ThresholdSelector`.
    thresholds : array-like of shape (n_cuts,)
        The chosen ones.
    score : float, default=None
        With them.
    plain_score : float, default=None
        Of the plain decision.
    score_name : str, default=None
        Name of the score, for the axis.
    name : str, default=None
        Of what is shown, for the legend.
    weights : bool, default=False
        Whether thresholds are weights of classes, drawn on a logarithmic axis.

    Attributes
    ----------
    line_ : list of matplotlib artist
        One curve a cut.
    ax_ : matplotlib Axes
        Where it is drawn.
    figure_ : matplotlib Figure
        The whole picture.

    Examples
    --------
    >>> from windu import ThresholdCurveDisplay, WinduEstimator
    >>> from windu.datasets import load_nhefs
    >>> X, y = load_nhefs(return_X_y=True)
    >>> est = WinduEstimator("linear", threshold="f1").fit(X, y)
    >>> display = ThresholdCurveDisplay.from_estimator(est)
    >>> display.ax_.get_ylabel()
    'f1'
    """

    def __init__(
        self,
        curve: pd.DataFrame,
        thresholds: Any,
        *,
        score: float | None = None,
        plain_score: float | None = None,
        score_name: str | None = None,
        name: str | None = None,
        weights: bool = False,
    ):
        self.curve = curve
        self.thresholds = thresholds
        self.score = score
        self.plain_score = plain_score
        self.score_name = score_name
        self.name = name
        self.weights = weights

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any = None,
        y: Any = None,
        *,
        ax: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> ThresholdCurveDisplay:
        """Draw the curve of a fitted estimator.

        Parameters
        ----------
        estimator : WinduEstimator or ThresholdSelector
            Fitted, with a threshold.
        X : table of shape (n_samples, n_columns), default=None
            Rows to draw the curve for, or scores for a `ThresholdSelector`; without
            them it is the one of the selection.
        y : array-like of shape (n_samples,), default=None
            Their classes.
        ax : matplotlib Axes, default=None
            Where to draw.
        name : str, default=None
            For the legend.
        **kwargs : dict
            For matplotlib's `plot`.

        Returns
        -------
        ThresholdCurveDisplay
            Drawn.

        Raises
        ------
        PartError
            If there is no threshold, or no curve of it.
        """
        check_is_fitted(estimator)
        selector = getattr(estimator, "threshold_", estimator)
        if not isinstance(selector, ThresholdSelector):
            raise PartError(
                "The curve needs a WinduEstimator with a threshold, or a "
                f"ThresholdSelector. Got {type(estimator).__name__}; with "
                "threshold=None there is none. Pass threshold='balanced_accuracy', or "
                "another score, and fit again."
            )
        if (X is None) != (y is None):
            raise PartError(
                "A curve of other rows needs X and y. Got one of them. Leave both out "
                "for the curve of the selection."
            )
        if X is not None:
            match_rows({"X": X, "y": y})
            selector = _on_rows(estimator, selector, X, y)
        return cls._of_selector(selector).plot(ax=ax, name=name, **kwargs)

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        scores: Any,
        *,
        scoring: Any = "balanced_accuracy",
        ax: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> ThresholdCurveDisplay:
        """Draw the curve of scores, with the best threshold for them.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, n_labels)
            True classes.
        scores : array-like of shape (n_samples,) or (n_samples, n_classes)
            What `predict_proba` or `decision_function` gave.
        scoring : str or callable, default="balanced_accuracy"
            As in `ThresholdSelector`.
        ax : matplotlib Axes, default=None
            Where to draw.
        name : str, default=None
            For the legend.
        **kwargs : dict
            For matplotlib's `plot`.

        Returns
        -------
        ThresholdCurveDisplay
            Drawn.
        """
        match_rows({"scores": scores, "y_true": y_true})
        selector = ThresholdSelector(scoring, min_samples=0).fit(scores, y_true)
        return cls._of_selector(selector).plot(ax=ax, name=name, **kwargs)

    @classmethod
    def _of_selector(cls, selector: ThresholdSelector) -> ThresholdCurveDisplay:
        if selector.curve_.empty:
            raise PartError(
                "The threshold has no curve: "
                + (selector.reason_ or "it was fixed, not chosen.")
                + " Pass X and y to draw the curve of other rows."
            )
        return cls(
            selector.curve_,
            selector.thresholds_,
            score=selector.score_,
            plain_score=selector.plain_score_,
            score_name=selector.score_name_,
            weights=selector.kind_ == "multiclass",
        )

    def plot(
        self, ax: Any = None, *, name: str | None = None, **kwargs: Any
    ) -> ThresholdCurveDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new one by default.
        name : str, default=None
            For the legend.
        **kwargs : dict
            For matplotlib's `plot`.

        Returns
        -------
        ThresholdCurveDisplay
            Itself, with `ax_`, `figure_` and `line_`.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        try:
            import matplotlib.pyplot as plt
        except ImportError as error:
            raise ImportError(
                "ThresholdCurveDisplay needs matplotlib. It is not installed; run "
                "pip install 'windu[plot]'."
            ) from error
        ax = plt.subplots()[1] if ax is None else ax
        name = name or self.name
        groups: list[Any] = [(name, self.curve)]
        if "label" in self.curve:
            groups = list(self.curve.groupby("label", sort=False))[:_CURVES]
        self.line_ = []
        for number, (label, part) in enumerate(groups):
            x, score = part["threshold"], part["score"]
            (line,) = ax.plot(x, score, **{"label": label, **kwargs})
            if len(groups) <= _BANDS and part["std"].notna().any():
                low, high = score - part["std"], score + part["std"]
                ax.fill_between(x, low, high, color=line.get_color(), alpha=0.15, lw=0)
            at = self.thresholds[number]
            nearest = (x - at).abs().to_numpy().argmin()
            ax.plot(at, score.iloc[nearest], "o", color=line.get_color())
            self.line_.append(line)
        if self.plain_score is not None:
            style = {"color": "0.5", "ls": ":", "lw": 1}
            ax.axhline(self.plain_score, label="plain decision", **style)
        ax.set(xlabel="weight" if self.weights else "threshold")
        ax.set(ylabel=self.score_name or "score")
        if self.weights:
            ax.set_xscale("log")
        ax.legend(loc="best")
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _on_rows(
    estimator: Any, selector: ThresholdSelector, X: Any, y: Any
) -> ThresholdSelector:
    """Return the same cuts, evaluated on other rows."""
    fixed = clone(selector).set_params(thresholds=selector.thresholds_, cv="prefit")
    if estimator is selector:
        return fixed.fit(X, y)
    method = "predict_proba" if hasattr(estimator, "predict_proba") else ""
    scores = getattr(estimator, method or "decision_function")(X)
    encoder = estimator.label_encoder_
    codes = (
        np.searchsorted(selector.classes_, y)
        if encoder is None
        else encoder.transform(y)
    )
    return fixed.choose(
        scores.reshape(len(codes), -1),
        codes,
        selector.classes_,
        margin=not method,
        ranks=selector.ranks_,
    )
