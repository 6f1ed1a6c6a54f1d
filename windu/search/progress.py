"""Progress of a search, shown in terminals and notebooks."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from windu.search.studies import finished, result_of

__all__ = ["Progress"]


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
        if self.verbose == "auto" and _somebody_looks():
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


def _somebody_looks() -> bool:
    return _is_notebook() or sys.stderr.isatty()
