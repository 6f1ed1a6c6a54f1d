"""What a run warns of: alarms in the data, and test rows that were used before."""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from windu.estimator.digests import digest_of
from windu.exceptions import DataWarning, WinduWarning
from windu.metastore.tested import Tested
from windu.pipeline.runner import Done

__all__ = ["count_test", "tell_alarms"]


def tell_alarms(stats: Mapping[str, Any], done: Sequence[Done]) -> None:
    """Warn of each alarm in the rows, but not again of what is still in memory."""
    if any(
        step_done.step == "describe" and step_done.state == "kept" for step_done in done
    ):
        return
    for alarm in stats.get("alarms", []):
        warnings.warn(alarm["message"], DataWarning, stacklevel=3)


def count_test(tested: Tested, rows: tuple[Any, Any], fitted: str | None) -> int:
    """Return how many fitted estimators these test rows have been shown to.

    Parameters
    ----------
    tested : Tested
        Counts them.
    rows : tuple of (DataFrame, target)
        The test part.
    fitted : str or None
        The key of the estimator; without one it counts as a new one.

    Returns
    -------
    int
        With a warning from the second on.
    """
    key = digest_of(*rows) or "unknown"
    count = tested.count(key, fitted or secrets.token_hex(32))
    if count > 1:
        warnings.warn(
            f"The test rows must be used once. They have been shown to {count} "
            "different estimators: the best of them looks better than it is. "
            "Choose by dev rows or by cross-validation.",
            WinduWarning,
            stacklevel=3,
        )
    return count
