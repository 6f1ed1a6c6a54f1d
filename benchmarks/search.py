"""What a search costs: against GridSearchCV with costly preprocessing, and by itself.

Usage: python benchmarks/search.py [--rows 4000] [--repeats 3]

Both searches try the same grid with the same folds in one process, in turns; the
scores must be equal to the last bit. Prints ratios of the medians.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from windu import OptunaSearchCV, WinduEstimator
from windu.datasets import load_storms, load_tate


def texts(rows: int) -> tuple[str, WinduEstimator, dict, pd.DataFrame, np.ndarray, str]:
    X, y = load_tate(return_X_y=True)
    letters = make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), max_features=20_000),
        TruncatedSVD(20, random_state=0),
    )
    est = WinduEstimator(
        "linear",
        task="regression",
        featurizer=None,
        transformer=ColumnTransformer([("letters", letters, "title")]),
        n_jobs=1,
    )
    grid = {"model__alpha": np.logspace(-3, 3, 16).tolist()}
    return "costly features", est, grid, X[:rows], y[:rows], "r2"


def models(
    rows: int,
) -> tuple[str, WinduEstimator, dict, pd.DataFrame, np.ndarray, str]:
    X, y = load_storms(return_X_y=True)
    est = WinduEstimator(
        "hist_gradient_boosting", task="multiclass", random_state=0, n_jobs=1
    )
    grid = {"model__learning_rate": [0.05, 0.1, 0.2], "model__max_iter": [30, 60]}
    return "costly models", est, grid, X[:rows], y[:rows], "neg_log_loss"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    for make in (texts, models):
        name, est, grid, X, y, scoring = make(given.rows)
        times: dict[str, list[float]] = {"grid": [], "windu": []}
        for _ in range(given.repeats):
            start = time.perf_counter()
            plain = GridSearchCV(est, grid, cv=3, scoring=scoring).fit(X, y)
            times["grid"].append(time.perf_counter() - start)
            start = time.perf_counter()
            shared = OptunaSearchCV(
                est, grid, cv=3, scoring=scoring, sampler="grid", pruner=None
            ).fit(X, y)
            times["windu"].append(time.perf_counter() - start)
        for i in range(3):
            key = f"split{i}_test_score"
            assert np.array_equal(plain.cv_results_[key], shared.cv_results_[key])
        ratio = statistics.median(times["grid"]) / statistics.median(times["windu"])
        print(f"{name}: GridSearchCV takes {ratio:.2f} times as long; equal scores")
    name, est, grid, X, y, scoring = models(given.rows)
    space = {"model__learning_rate": {"float": [0.05, 0.3]}}
    start = time.perf_counter()
    search = OptunaSearchCV(
        est.set_params(model__max_iter=10),
        space,
        cv=3,
        scoring=scoring,
        n_trials=50,
        random_state=0,
        refit=False,
    ).fit(X, y)
    whole = time.perf_counter() - start
    inside = sum(
        sum(result["fit_time"]) + sum(result["score_time"])
        for result in (trial.user_attrs["result"] for trial in search.study_.trials)
    )
    print(f"50 trials: {whole / inside:.3f} times the time of fits and predictions")


if __name__ == "__main__":
    main()
