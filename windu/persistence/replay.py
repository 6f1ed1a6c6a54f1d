"""What an estimator says about its example: written down at save, replayed at load."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from windu.exceptions import (
    FeatureSchemaError,
    IntegrityError,
    VersionError,
    WinduWarning,
)
from windu.io.cells import plain_value
from windu.persistence.comparison import without_own_checks

__all__ = ["TOLERANCE", "check_given", "check_replay", "differences", "expected"]

#: Predictions of other versions may differ by so much, absolute or relative.
TOLERANCE = 1e-9
_N_SHOWN = 5


def expected(estimator: Any) -> dict[str, Any]:
    """Return what an estimator says about its example, as plain data.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted.

    Returns
    -------
    dict of str to list
        By method: one list of values a row.
    """
    estimator = without_own_checks(estimator)
    frame = estimator.example_
    return {
        method: _rows(getattr(estimator, method)(frame))
        for method in _methods(estimator)
    }


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> pd.DataFrame:
    """Return every value that is another now.

    Parameters
    ----------
    before, now : mapping of str to list
        As `expected` gives them.

    Returns
    -------
    pandas.DataFrame
        With the columns method, row, column, expected, got, difference.
    """
    different = [
        (method, row, column, old, new, _distance(old, new))
        for method in sorted({*before, *now})
        for row, (olds, news) in enumerate(
            zip_longest(before.get(method, []), now.get(method, []), fillvalue=())
        )
        for column, (old, new) in enumerate(zip_longest(olds, news))
        if _distance(old, new) > 0
    ]
    names = ["method", "row", "column", "expected", "got", "difference"]
    return pd.DataFrame(different, columns=names)


def check_replay(
    estimator: Any, stored: bytes, changes: Mapping[str, tuple[str, str]], source: str
) -> None:
    """Raise if an estimator says something else about its example than it did.

    Parameters
    ----------
    estimator : WinduEstimator
        As loaded.
    stored : bytes
        The artifact ``expected.json``.
    changes : mapping of str to tuple of str
        Packages with other versions than at save.
    source : str
        What it is called in messages.

    Raises
    ------
    VersionError
        With the versions and the differences.

    Warns
    -----
    WinduWarning
        If versions differ and all is well.
    """
    listed = ", ".join(
        f"{p} {now} (was {saved_outputs})"
        for p, (saved_outputs, now) in changes.items()
    )
    try:
        saved_outputs = json.loads(stored)
        different = differences(saved_outputs, expected(estimator))
    except (AttributeError, TypeError, ValueError) as error:
        if not changes:
            raise IntegrityError(f"{source} cannot predict: {error}.") from error
        raise VersionError(
            f"{source} must predict with the installed versions. Got "
            f"{type(error).__name__}: {error}. What differs: {listed}. Install the "
            "versions that it was saved with, or fit again."
        ) from error
    if len(different):
        raise VersionError(
            f"{source} must predict the same as when it was saved. On its example "
            f"{len(different)} values differ, by up to "
            f"{different['difference'].max():.3g}:\n"
            f"{different.head(_N_SHOWN).to_string(index=False)}\n"
            f"What differs: {listed or 'nothing that windu knows'}. Install the "
            "versions that it was saved with, or fit again.",
            different,
        )
    if changes:
        warnings.warn(
            f"{source} was saved with other versions: {listed}. Its predictions on the "
            "stored example are the same.",
            WinduWarning,
            stacklevel=2,
        )


def check_given(estimator: Any, stored: bytes, source: str) -> None:
    """Raise if a function that was given does not make the features of training.

    Parameters
    ----------
    estimator : WinduEstimator
        With the function.
    stored : bytes
        The artifact ``expected.json``.
    source : str
        What it is called in messages.

    Raises
    ------
    FeatureSchemaError
        With all differences of the features.

    Warns
    -----
    WinduWarning
        If predictions on the example are others.
    """
    estimator = without_own_checks(estimator)
    report = estimator.validate(estimator.example_, features=True)
    if not report.ok:
        raise FeatureSchemaError(
            f"{source} needs a function that makes the features of training. The one "
            f"that is given does not, on the stored example:\n{report}\nGive the "
            "function of training, or fit again.",
            report,
        )
    different = differences(json.loads(stored), expected(estimator))
    if len(different):
        warnings.warn(
            f"{source} predicts {len(different)} other values on its example, with the "
            "function that is given, than when it was saved; they differ by up to "
            f"{different['difference'].max():.3g}. If that is not what you want, give "
            "the "
            "function of training.",
            WinduWarning,
            stacklevel=2,
        )


def _methods(estimator: Any) -> list[str]:
    if hasattr(estimator, "predict_proba"):
        return ["predict", "predict_proba"]
    if hasattr(estimator, "decision_function"):
        return ["predict", "decision_function"]
    return ["predict"] if hasattr(estimator, "predict") else ["transform"]


def _rows(output: Any) -> list[list[Any]]:
    if sparse.issparse(output):
        rows = output.tocsr()
        return [
            [
                [int(c), plain_value(v)]
                for c, v in zip(row.indices, row.data, strict=True)
            ]
            for row in rows
        ]
    if isinstance(output, (pd.DataFrame, pd.Series)):
        output = output.to_numpy(dtype=object)
    if isinstance(output, list):
        return [[plain_value(value) for value in np.ravel(row)] for row in output]
    return [
        [plain_value(value) for value in np.ravel(row).astype(object)] for row in output
    ]


def _distance(old: Any, new: Any) -> float:
    """Return how far apart two values are; nothing within the tolerance."""
    if isinstance(old, list) and isinstance(new, list) and old[:1] == new[:1]:
        # A cell of a sparse row: its column and its value.
        return _distance(old[1], new[1])
    if type(old) is not type(new) or not isinstance(old, (int, float)):
        return 0.0 if old == new and type(old) is type(new) else np.inf
    near = math.isclose(old, new, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return 0.0 if near else abs(float(old) - float(new))
