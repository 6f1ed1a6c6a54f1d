"""Progress of a running search; notebook view and plots of a fitted one."""

from __future__ import annotations

import sys
import time
import warnings
from html import escape
from importlib import import_module
from importlib.util import find_spec
from types import TracebackType
from typing import Any

import numpy as np
import pandas as pd
from optuna.importance import get_param_importances
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from windu.exceptions import SearchError, did_you_mean
from windu.search.studies import finished, result_of

__all__ = ["Progress", "SearchDisplay"]

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
#: Fewer trials do not show the importance of parameters.
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
        # The class behind this mixin is a search of scikit-learn.
        diagram: str = super()._html_repr()  # type: ignore[misc]
        if not hasattr(self, "leaderboard_"):
            return diagram
        board = self.leaderboard_.head(_ROWS)
        columns = ["rank", "trial", "score", "std", "fit_time", "latency_ms", "state"]
        n_fixed = list(board).index("error") + 1
        chosen = [name for name in board.columns[n_fixed:] if board[name].notna().any()]
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
    if len(study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])) < _FEW:
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


class Progress:
    """A callback of optuna that draws a bar, or prints a line for each trial.

    Parameters
    ----------
    verbose : "auto" or int
        "auto" draws where there is a terminal or a notebook. From 1 on there are
        lines.
    refit, scoring : object
        Of the search: they name the score.
    n_trials : int or None
        Of the study.
    timeout : float or None
        Seconds of this run.
    """

    def __init__(
        self,
        verbose: int | str,
        refit: Any,
        scoring: Any,
        n_trials: int | None,
        timeout: float | None,
    ):
        self.verbose, self.n_trials, self.timeout = verbose, n_trials, timeout
        names = [name for name in (refit, scoring) if isinstance(name, str)]
        self.score = names[0] if names else "score"
        self._bar: Any = None

    def __enter__(self) -> Progress:
        self._start = time.monotonic()
        if self.verbose == "auto" and _is_interactive():
            from rich.console import Console
            from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            columns = TextColumn("{task.description}", markup=False), BarColumn()
            console = Console(stderr=not _is_notebook())
            self._bar = Bar(*columns, TimeRemainingColumn(), console=console)
            total = self.n_trials or self.timeout
            self._task = self._bar.add_task("search", total=total)
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, study: Study, trial: FrozenTrial) -> None:
        """Report a trial that has ended."""
        if self._bar is not None:
            trials = finished(study)
            done = len(trials) if self.n_trials else time.monotonic() - self._start
            text = f"{len(trials)} trials"
            if any(trial.state == TrialState.COMPLETE for trial in trials):
                text += f", best {self.score} {study.best_value:.5g}"
            self._bar.update(self._task, completed=done, description=text)
        elif self.verbose != "auto" and self.verbose:
            score = "" if trial.value is None else f" {trial.value:.5g}"
            outcome = result_of(trial).get("error", trial.params)
            state = trial.state.name.lower()
            line = f"[OptunaSearchCV] trial {trial.number}: {state}{score} {outcome}"
            # Flushed, for readers of a file.
            print(line, flush=True)


def _is_notebook() -> bool:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"


def _is_interactive() -> bool:
    return _is_notebook() or sys.stderr.isatty()
