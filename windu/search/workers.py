"""Where folds are evaluated, in this process or others, and until when."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial
from threading import Thread
from typing import Any, Protocol, TypeVar

from joblib import cpu_count
from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from windu.search.folds import FoldResult, Job, evaluate

__all__ = ["InProcess", "Processes", "Workers", "call_within", "workers_for"]

T = TypeVar("T")


def call_within(seconds: float | None, function: Callable[[], T]) -> T | None:
    """Call a function, and stop it as Ctrl-C would where it takes too long.

    That takes a signal, which Python gives to the main thread alone, which Windows has
    not, and which is left to the program that uses it already: there the function takes
    its time, as it does where it is in a library that does not listen.

    Parameters
    ----------
    seconds : float or None
        What it may take; None is any time.
    function : callable
        Without parameters.

    Returns
    -------
    object
        What the function returns, None if it was stopped.
    """
    if seconds is None or not _can_be_stopped():
        return function()
    if seconds <= 0:
        return None
    is_late = False

    def stop(*_: object) -> None:
        nonlocal is_late
        is_late = True
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, stop)
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds)
            return function()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        if not is_late:
            raise
        return None
    finally:
        signal.signal(signal.SIGALRM, before)


def _can_be_stopped() -> bool:
    if sys.platform == "win32":
        return False
    is_main = threading.current_thread() is threading.main_thread()
    is_free = signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    return is_main and is_free


class Workers(Protocol):
    """Who evaluates folds."""

    #: How many folds are evaluated at a time.
    size: int

    def submit(self, params: Mapping[str, Any], fold: int) -> Future[FoldResult]:
        """Begin to evaluate a candidate on a fold."""

    def first(
        self, running: Collection[Future[FoldResult]], seconds: float | None
    ) -> set[Future[FoldResult]]:
        """Return those that are done, none if nothing is within so many seconds."""

    def stop(self) -> None:
        """End all that is running."""


class InProcess:
    """The process that searches.

    Parameters
    ----------
    job : Job
        What is the same for all candidates.
    """

    size = 1

    def __init__(self, job: Job):
        self.job = job

    def submit(self, params: Mapping[str, Any], fold: int) -> Future[FoldResult]:
        """Keep what to evaluate: a candidate on a fold."""
        self._call = partial(evaluate, self.job, params, fold)
        self._future: Future[FoldResult] = Future()
        return self._future

    def first(
        self, running: Collection[Future[FoldResult]], seconds: float | None
    ) -> set[Future[FoldResult]]:
        """Evaluate it."""
        result = call_within(seconds, self._call)
        if result is None:
            return set()
        self._future.set_result(result)
        return {self._future}

    def stop(self) -> None:
        """Do nothing: nothing is running."""


class Processes:
    """Other processes, each with what candidates share in its own memory.

    Parameters
    ----------
    job : Job
        What is the same for all candidates; sent once.
    size : int
        How many processes.
    """

    def __init__(self, job: Job, size: int):
        self.job, self.size = job, size
        self._executor = self._started()

    def _started(self) -> ProcessPoolExecutor:
        # Two pools of threads that spin against each other are worse than one thread.
        threads = str(max(1, cpu_count() // self.size))
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        return ProcessPoolExecutor(
            self.size,
            initializer=_begin,
            initargs=(self.job, os.getpid()),
            env=dict.fromkeys(names, threads),
        )

    def submit(self, params: Mapping[str, Any], fold: int) -> Future[FoldResult]:
        """Begin to evaluate a candidate on a fold."""
        try:
            return self._executor.submit(_evaluate, dict(params), fold)
        except TerminatedWorkerError:
            # A process was killed, perhaps for its memory; what it did is told by its
            # own future.
            self._executor = self._started()
            return self._executor.submit(_evaluate, dict(params), fold)

    def first(
        self, running: Collection[Future[FoldResult]], seconds: float | None
    ) -> set[Future[FoldResult]]:
        """Return those that are done, none if nothing is within so many seconds."""
        return wait(running, seconds, return_when=FIRST_COMPLETED).done

    def stop(self) -> None:
        """Kill the processes."""
        self._executor.shutdown(wait=True, kill_workers=True)


def workers_for(job: Job, n_jobs: int | None) -> Workers:
    """Return who evaluates folds.

    Parameters
    ----------
    job : Job
        What is the same for all candidates.
    n_jobs : int or None
        As in scikit-learn; None is this process.

    Returns
    -------
    Workers
        Stopped by the caller.
    """
    cores = cpu_count()
    size = 1 if n_jobs is None else n_jobs if n_jobs > 0 else max(1, cores + 1 + n_jobs)
    job.n_threads = max(1, cores // size)
    return InProcess(job) if size == 1 else Processes(job, size)


_JOB: Job | None = None


def _begin(job: Job, parent: int) -> None:
    global _JOB
    _JOB = job
    Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process where the one that searches was killed: nobody else would."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _evaluate(params: Mapping[str, Any], fold: int) -> FoldResult:
    assert _JOB is not None
    return evaluate(_JOB, params, fold)
