"""Notebook view and plots of a fitted search."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from html import escape
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
from optuna.importance import get_param_importances
from optuna.study import Study
from optuna.trial import TrialState

from windu.exceptions import SearchError, did_you_mean

__all__ = ["SearchDisplay"]

_PLOTS = {
    "history": "plot_optimization_history",
    "importance": "plot_param_importances",
    "parallel": "plot_parallel_coordinate",
    "slice": "plot_slice",
    "contour": "plot_contour",
    "rank": "plot_rank",
    "timeline": "plot_timeline",
    "edf": "plot_edf",
}
_ROWS = 10
#: Trials that importance needs to mean anything.
_FEW = 8
_WIDTH, _HEIGHT = 480, 90


class SearchDisplay:
    """Shows a fitted search; a mixin, left of scikit-learn's."""

    study_: Study
    leaderboard_: pd.DataFrame

    def plot(self, kind: str = "history", **options: Any) -> Any:
        """Draw one of Optuna's plots of the trials.

        Parameters
        ----------
        kind : str, default="history"
            ``"history"``, ``"importance"``, ``"parallel"``, ``"slice"``,
            ``"contour"``, ``"rank"``, ``"timeline"`` or ``"edf"``.
        **options : dict
            For the function of `optuna.visualization`, such as ``params=[...]``.

        Returns
        -------
        plotly.graph_objects.Figure or matplotlib.axes.Axes
            Of plotly where it is installed, else of matplotlib.

        Raises
        ------
        SearchError
            If there is no such plot, or nothing to draw it with.

        Examples
        --------
        >>> from windu import OptunaSearchCV, WinduEstimator
        >>> from windu.datasets import load_penguins
        >>> X, y = load_penguins(return_X_y=True)
        >>> search = OptunaSearchCV(WinduEstimator("linear"), {"model__C": [0.1, 1.0]})
        >>> search.fit(X, y).plot("histori")
        Traceback (most recent call last):
        ...
        windu.exceptions.SearchError: kind must be one of ['history', 'importance', ...
        """
        if kind not in _PLOTS:
            raise SearchError(
                f"kind must be one of {list(_PLOTS)}. Got {kind!r}."
                f"{did_you_mean(kind, _PLOTS)}"
            )
        module = "optuna.visualization"
        if find_spec("plotly") is None:
            module += ".matplotlib"
            if find_spec("matplotlib") is None:
                raise SearchError(
                    "A plot needs plotly or matplotlib. Got neither. Install one: "
                    "pip install plotly"
                )
        return getattr(import_module(module), _PLOTS[kind])(self.study_, **options)

    def _html_repr(self) -> str:
        diagram: str = super()._html_repr()  # type: ignore[misc]
        if not hasattr(self, "leaderboard_"):
            return diagram
        board = self.leaderboard_.head(_ROWS)
        columns = ["rank", "trial", "score", "std", "fit_time", "latency_ms", "state"]
        chosen = [name for name in board.columns[10:] if board[name].notna().any()]
        table = board[[*columns, *chosen]].to_html(
            index=False, float_format="{:.4g}".format
        )
        n_trials = len(self.leaderboard_)
        best = board["score"].iloc[0]
        title = f"<p>Best score {best:.5g} of {n_trials} trials</p>"
        return (
            diagram + title + table + _history(self.study_) + _importance(self.study_)
        )


def _history(study: Study) -> str:
    """Return a line of the best score so far, by trial."""
    trials = study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
    values = np.array([trial.value for trial in trials], dtype=float)
    if len(values) < 2:
        return ""
    best = np.maximum.accumulate(values)
    # Excludes the worst trials from the range.
    low = float(np.quantile(values, 0.25))
    span = max(best[-1] - low, 1e-12)
    x = np.linspace(0, _WIDTH, len(best))
    y = _HEIGHT * (1 - np.clip((best - low) / span, 0, 1))
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return (
        "<p>Best score so far</p>"
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 -2 {_WIDTH} '
        f'{_HEIGHT + 4}" role="img"><polyline points="{points}" fill="none" '
        'stroke="currentColor"/></svg>'
    )


def _importance(study: Study) -> str:
    trials: Sequence[Any] = study.get_trials(
        deepcopy=False, states=[TrialState.COMPLETE]
    )
    if len(trials) < _FEW:
        return ""
    try:
        with warnings.catch_warnings():
            # It warns if trials are few or alike.
            warnings.simplefilter("ignore", UserWarning)
            shares = get_param_importances(study)
    except (RuntimeError, ValueError):
        # All scores are equal, or no parameter is in all trials.
        return ""
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{share:.0%}</td></tr>"
        for name, share in list(shares.items())[:_ROWS]
    )
    return f"<p>Importance of parameters</p><table>{rows}</table>" if rows else ""
