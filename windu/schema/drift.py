"""How far a column of a new table is from the column of training, as one number."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial.distance import jensenshannon

from windu.schema import kinds
from windu.schema.columns import ColumnSchema

__all__ = ["MIN_ROWS", "drift_of", "quantiles_of"]

#: Fewer rows say nothing about a distribution.
MIN_ROWS = 30
#: Quantiles are read off so many rows at most.
_SAMPLE = 10_000
_N_BINS = 10


def quantiles_of(numbers: np.ndarray) -> list[float]:
    """Return the deciles of numbers, from the minimum to the maximum.

    Parameters
    ----------
    numbers : ndarray of shape (n_samples,)
        With NaN for missing values, at least one number.

    Returns
    -------
    list of float
        Eleven numbers that rise, or stay.
    """
    step = max(1, len(numbers) // _SAMPLE)
    sample = numbers[::step]
    if np.isnan(sample).all():
        sample = numbers
    return [float(q) for q in np.nanquantile(sample, np.linspace(0, 1, _N_BINS + 1))]


def drift_of(values: pd.Series, column: ColumnSchema) -> float | None:
    """Return the Jensen-Shannon distance of a column to its training distribution.

    Base 2, so that 0 is the same distribution and 1 has nothing in common [1]_.
    Numbers and dates are binned at the deciles of training; a missing value is a bin
    of its own.

    Parameters
    ----------
    values : pandas.Series
        The column, conformed to the schema.
    column : ColumnSchema
        What was seen in training.

    Returns
    -------
    float or None
        None without a stored distribution or with fewer than 30 rows.

    References
    ----------
    .. [1] Lin (1991). Divergence measures based on the Shannon entropy. IEEE
       Transactions on Information Theory 37(1).
    """
    if len(values) < MIN_ROWS:
        return None
    if column.quantiles is not None:
        trained, found = _of_numbers(kinds.numbers_of(values, column), column.quantiles)
    elif column.level_shares is not None and column.levels is not None:
        trained, found = _of_levels(values, column.levels, column.level_shares)
    else:
        return None
    missing = float(values.isna().mean())
    trained = np.append(trained * (1 - column.null_share), column.null_share)
    found = np.append(found * (1 - missing), missing)
    return float(jensenshannon(trained, found, base=2))


def _of_numbers(
    numbers: np.ndarray, quantiles: list[float]
) -> tuple[np.ndarray, np.ndarray]:
    edges = np.unique(quantiles)
    if len(edges) == 1:
        edges = np.array([edges[0], np.nextafter(edges[0], np.inf)])
    # A value that fills several deciles is the edge of one wide bin.
    shares = np.zeros(len(edges) + 1)
    ranks = np.searchsorted(edges, quantiles, side="right")
    np.add.at(shares, ranks[:-1], 1 / _N_BINS)
    real = numbers[~np.isnan(numbers)]
    if not len(real):
        return shares, np.zeros(len(shares))
    # The maximum of training belongs to the last bin, not behind it.
    top = edges[-1]
    binned = np.searchsorted(edges, np.where(real == top, edges[-2], real), "right")
    return shares, np.bincount(binned, minlength=len(shares)) / len(real)


def _of_levels(
    values: pd.Series, levels: list[bool | int | float | str], shares: list[float]
) -> tuple[np.ndarray, np.ndarray]:
    present = values.dropna()
    trained = np.append(shares, 0.0)
    if not len(present):
        return trained, np.zeros(len(trained))
    known = {str(level): i for i, level in enumerate(levels)}
    counts = kinds.as_texts(present).map(str).value_counts()
    found = np.zeros(len(trained))
    for level, count in counts.items():
        found[known.get(str(level), len(levels))] += count / len(present)
    return trained, found
