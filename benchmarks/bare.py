"""The bare scikit-learn pipeline with the same parts as a fitted WinduEstimator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from windu import WinduEstimator


def bare_pipeline(est: WinduEstimator, X: pd.DataFrame | None = None) -> Pipeline:
    """Return the parts of a fitted estimator, unfitted, as a Pipeline.

    Schema, label encoder and every check are left out. So is the featurizer, unless
    its features have other names than the columns of `X`.
    """
    parts = [clone(est.transformer_), clone(est.model_)]
    if X is not None:
        names = est.featurizer_.get_feature_names_out().tolist()
        if not set(names) <= set(X.columns):
            parts.insert(0, FunctionTransformer(est.featurizer_.featurize))
    return make_pipeline(*parts)


def make_table(
    n_rows: int, n_numbers: int = 14, n_levels: int = 6, seed: int = 0
) -> tuple[pd.DataFrame, pd.Series]:
    """Return numbers and levels, and a target of two classes that follows them."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {
        f"number{i}": rng.normal(size=n_rows) for i in range(n_numbers)
    }
    for i in range(n_levels):
        columns[f"level{i}"] = rng.choice(["red", "green", "blue", "grey"], n_rows)
    X = pd.DataFrame(columns)
    score = X["number0"] + (X["level0"] == "red") + rng.normal(size=n_rows)
    return X, pd.Series(np.where(score > 0.3, "yes", "no"))
