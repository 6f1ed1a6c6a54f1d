"""A call that is stopped when its time is over."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

__all__ = ["call_within"]

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
