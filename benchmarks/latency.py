"""What does one row cost?

    OMP_NUM_THREADS=1 python benchmarks/latency.py [--rows 5000] [--repeats 400]

p50 and p95 of `predict_proba` of one row: windu on a frame and on a dict, validated;
the bare scikit-learn pipeline with the same parts and no validation; the bare model on
a ready array; skrub's `tabular_pipeline` and LightGBM on pandas categories where they
are installed. All take turns in one run; ratios are against the bare pipeline.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib.util import find_spec
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from bare import bare_pipeline, make_table
from sklearn.preprocessing import LabelEncoder

from windu import WinduEstimator

MODELS = ("auto", "hist_gradient_boosting", "linear")
BARE = "bare pipeline"
#: Calls at a stretch; the first of them is cold, and less than 1 in 20.
TURN = 50


def times(works: dict[str, Callable[[], Any]], repeats: int) -> dict[str, np.ndarray]:
    """Return the times of each in milliseconds.

    They take turns of some calls: right after another library, the processor has
    forgotten the code, and one would measure that.
    """
    kept: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(max(1, repeats // TURN)):
        for name, work in works.items():
            for _ in range(TURN):
                start = perf_counter()
                work()
                kept[name].append(1000 * (perf_counter() - start))
    return {name: np.array(column) for name, column in kept.items()}


def report(title: str, taken: dict[str, np.ndarray]) -> None:
    """Print p50 and p95, and both as ratios to the bare pipeline."""
    print(f"\n{title}\n{'':28}{'p50 ms':>9}{'p95 ms':>9}{'p50 x':>8}{'p95 x':>8}")
    base = np.percentile(taken[BARE], (50, 95))
    for name, column in taken.items():
        p50, p95 = np.percentile(column, (50, 95))
        print(
            f"{name:28}{p50:9.3f}{p95:9.3f}{p50 / base[0]:8.3f}{p95 / base[1]:8.3f}",
            flush=True,
        )


def others(X: pd.DataFrame, codes: np.ndarray) -> dict[str, Callable[[], Any]]:
    """Return what other libraries do with a one-row frame."""
    works: dict[str, Callable[[], Any]] = {}
    if find_spec("skrub"):
        from skrub import tabular_pipeline

        tabular = tabular_pipeline("classifier").fit(X, codes)
        one = X.iloc[[0]]
        works["skrub tabular_pipeline"] = lambda: tabular.predict_proba(one)
    if find_spec("lightgbm"):
        from lightgbm import LGBMClassifier

        levels = {
            name: pd.CategoricalDtype(sorted(X[name].unique()))
            for name in X.columns[X.dtypes.map(pd.api.types.is_string_dtype)]
        }
        boosted = LGBMClassifier(verbose=-1, n_jobs=1).fit(X.astype(levels), codes)
        row = X.iloc[[0]].astype(levels)
        works["LightGBM, categories"] = lambda: boosted.predict_proba(row)
    return works


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=400)
    options = parser.parse_args()
    X, y = make_table(options.rows)
    codes = LabelEncoder().fit_transform(y)
    frame = X.iloc[[0]]
    row = frame.to_dict("records")[0]
    peers = others(X, codes)
    print(
        f"one row of {X.shape[1]} columns, predict_proba; ratios to the bare pipeline"
    )
    for name in MODELS:
        est = WinduEstimator(name, random_state=0).fit(X, y)
        bare = bare_pipeline(est).fit(X, codes)
        matrix = bare[0].transform(frame)
        works = {
            "windu, frame": lambda e=est: e.predict_proba(frame),
            "windu, dict": lambda e=est: e.predict_proba(row),
            BARE: lambda b=bare: b.predict_proba(frame),
            "bare model, ready array": lambda b=bare, m=matrix: b[-1].predict_proba(m),
        }
        start = perf_counter()
        est.predict_proba(row)
        first = 1000 * (perf_counter() - start)
        report(
            f"{name} (first row, compiled: {first:.0f} ms)",
            times(works | peers, options.repeats),
        )
        # Other models are compared once.
        peers = {}


if __name__ == "__main__":
    main()
