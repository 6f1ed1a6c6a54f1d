"""Evaluation of folds in this process, in others or on an executor, with a deadline."""

from __future__ import annotations

import itertools
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import ExitStack
from copy import copy
from functools import partial
from threading import Thread, local
from typing import Any, Protocol, TypeVar

from joblib import cpu_count, wrap_non_picklable_objects
from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from windu.search.folds import FoldResult, Job, evaluate

__all__ = [
    "InProcess",
    "OnExecutor",
    "Processes",
    "Workers",
    "call_within",
    "evaluate_there",
    "workers_for",
]

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
    """Evaluates folds."""

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


class OnExecutor:
    """An executor of `concurrent.futures`: threads, processes, machines of a cluster.

    Parameters
    ----------
    job : Job
        What is the same for all candidates. It is sent to each worker once: one that
        does not know it says so, and is asked again with all of it.
    executor : concurrent.futures.Executor
        Not shut down.
    size : int
        How many folds are evaluated at a time.
    """

    def __init__(self, job: Job, executor: Executor, size: int):
        self.job, self.executor, self.size = job, executor, size
        self._key = secrets.token_hex(8)
        self._source = wrap_non_picklable_objects(
            partial(copy, job), keep_wrapper=False
        )
        self._numbers = itertools.count()
        self._tasks: dict[Future[FoldResult], ExitStack] = {}
        self._inner: set[Future[Any]] = set()

    def submit(self, params: Mapping[str, Any], fold: int) -> Future[FoldResult]:
        """Begin to evaluate a candidate on a fold."""
        future: Future[FoldResult] = Future()
        # Classes and functions of a notebook are sent as well.
        call = wrap_non_picklable_objects(
            partial(_evaluate, dict(params), fold), keep_wrapper=False
        )
        self._ask(future, call, None)
        self._tasks[future] = stack = ExitStack()
        if self.job.tasks:
            stack.enter_context(self.job.tasks.task(None, None))
        return future

    def _ask(
        self, future: Future[FoldResult], call: Any, source: Callable[[], Job] | None
    ) -> None:
        def finish(inner: Future[Any]) -> None:
            self._inner.discard(inner)
            if inner.cancelled():
                future.cancel()
            elif error := inner.exception():
                future.set_exception(error)
            elif (result := inner.result()) is None:
                # Asked by a thread of the executor, which may be shut down just now.
                try:
                    self._ask(future, call, self._source)
                except Exception as error:
                    future.set_exception(error)
            else:
                future.set_result(result)

        # A number of its own: Dask takes equal calls for one.
        inner = self.executor.submit(
            evaluate_there, self._key, source, call, next(self._numbers)
        )
        self._inner.add(inner)
        inner.add_done_callback(finish)

    def first(
        self, running: Collection[Future[FoldResult]], seconds: float | None
    ) -> set[Future[FoldResult]]:
        """Return those that are done, none if nothing is within so many seconds."""
        done = wait(running, seconds, return_when=FIRST_COMPLETED).done
        for future in done:
            self._tasks.pop(future).close()
        return done

    def stop(self) -> None:
        """Cancel what has not begun."""
        for inner in list(self._inner):
            inner.cancel()
        for stack in self._tasks.values():
            stack.close()


class Processes(OnExecutor):
    """Processes of this machine.

    Parameters
    ----------
    job : Job
        What is the same for all candidates.
    size : int
        How many processes.
    """

    def __init__(self, job: Job, size: int):
        super().__init__(job, self._started(size), size)

    def _started(self, size: int) -> Executor:
        # Oversubscribed thread pools are slower than one thread.
        threads = str(max(1, cpu_count() // size))
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        executor: Executor = ProcessPoolExecutor(
            size,
            initializer=_watch,
            initargs=(os.getpid(),),
            env=dict.fromkeys(names, threads),
        )
        return executor

    def submit(self, params: Mapping[str, Any], fold: int) -> Future[FoldResult]:
        """Begin to evaluate a candidate on a fold."""
        try:
            return super().submit(params, fold)
        except TerminatedWorkerError:
            # A process was killed, perhaps for its memory; what it did is told by its
            # own future.
            self.executor = self._started(self.size)
            return super().submit(params, fold)

    def stop(self) -> None:
        """Kill the processes."""
        # loky's own option, which its annotations lack.
        self.executor.shutdown(wait=True, kill_workers=True)  # type: ignore[call-arg]
        super().stop()


def workers_for(job: Job, n_jobs: int | None, executor: Executor | None) -> Workers:
    """Return who evaluates folds.

    Parameters
    ----------
    job : Job
        What is the same for all candidates.
    n_jobs : int or None
        As in scikit-learn; None is this process, or all that an executor has.
    executor : concurrent.futures.Executor or None
        Where else.

    Returns
    -------
    Workers
        Stopped by the caller.
    """
    cores = cpu_count()
    size = 1 if n_jobs is None else n_jobs if n_jobs > 0 else max(1, cores + 1 + n_jobs)
    if executor is not None:
        job.n_threads = 1
        return OnExecutor(job, executor, _size_of(executor) if n_jobs is None else size)
    job.n_threads = max(1, cores // size)
    return InProcess(job) if size == 1 else Processes(job, size)


def _size_of(executor: Any) -> int:
    """Return how many calls an executor runs at a time, as far as it says."""
    if hasattr(executor, "_client"):
        return max(1, sum(executor._client.nthreads().values()))
    return getattr(executor, "_max_workers", None) or cpu_count()


#: The job that a thread evaluates candidates of, by its key.
_JOBS = local()


def evaluate_there(
    key: str,
    source: Callable[[], Job] | None,
    call: Callable[[Job], FoldResult],
    number: int,
) -> FoldResult | None:
    """Evaluate a candidate on a fold where an executor runs it.

    Parameters
    ----------
    key : str
        Of the job.
    source : callable or None
        Returns the job.
    call : callable
        Evaluates a candidate on a fold of the job.
    number : int
        Makes calls different.

    Returns
    -------
    FoldResult or None
        None where the job is not known, and has to be sent.
    """
    if getattr(_JOBS, "key", None) != key:
        if source is None:
            return None
        _JOBS.job, _JOBS.key = source(), key
    return call(_JOBS.job)


def _evaluate(params: Mapping[str, Any], fold: int, job: Job) -> FoldResult:
    return evaluate(job, params, fold)


def _watch(parent: int) -> None:
    Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End this process once the searching process was killed."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
