"""What does windu cost over the bare scikit-learn pipeline with the same parts?

    python benchmarks/overhead.py [--rows 100000] [--repeats 5]

fit, predict of all rows, predict_proba of one row, and peak memory of fit, as ratios
in one run: windu and the bare pipeline take turns. The bare pipeline gets the table as
it is (no featurizer is needed for it), encoded labels, and checks nothing.
"""

from __future__ import annotations

import argparse
import tracemalloc
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

from bare import bare_pipeline, make_table
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import LabelEncoder

from windu import WinduEstimator

MODELS = {
    "auto": "auto",
    "hist_gradient_boosting": HistGradientBoostingClassifier(random_state=0),
    "logistic_regression": LogisticRegression(max_iter=300),
}


def ratio(
    windu: Callable[[], Any], bare: Callable[[], Any], repeats: int
) -> tuple[float, ...]:
    """Return the median ratio and both median times in milliseconds."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats + 1):
        for work, kept in zip((windu, bare), times, strict=True):
            start = perf_counter()
            work()
            kept.append(1000 * (perf_counter() - start))
    # The first round warms up.
    pairs = list(zip(times[0][1:], times[1][1:], strict=True))
    return (
        median(a / b for a, b in pairs),
        *(median(column) for column in zip(*pairs, strict=True)),
    )


def peak(work: Callable[[], Any]) -> int:
    """Return the peak of memory that Python and numpy allocate, in bytes."""
    tracemalloc.start()
    work()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    X, y = make_table(options.rows)
    codes = LabelEncoder().fit_transform(y)
    one = X.iloc[[0]]
    print(f"{options.rows} rows, {X.shape[1]} columns; ratio (windu ms / bare ms)")
    for name, model in MODELS.items():
        est = WinduEstimator(model, random_state=0).fit(X, y)
        bare = bare_pipeline(est).fit(X, codes)
        rows = {
            "fit": (lambda e=est: e.fit(X, y), lambda b=bare: b.fit(X, codes)),
            "predict": (lambda e=est: e.predict(X), lambda b=bare: b.predict(X)),
            "one row": (
                lambda e=est: e.predict_proba(one),
                lambda b=bare: b.predict_proba(one),
            ),
        }
        for what, (ours, theirs) in rows.items():
            repeats = 20 * options.repeats if what == "one row" else options.repeats
            value, mine, other = ratio(ours, theirs, repeats)
            print(
                f"{name:24}{what:10}{value:6.2f}  ({mine:.2f} / {other:.2f})",
                flush=True,
            )
        memory = [peak(work) for work in rows["fit"]]
        print(
            f"{name:24}{'memory':10}{memory[0] / memory[1]:6.2f}  "
            f"({memory[0] / 1e6:.0f} MB / {memory[1] / 1e6:.0f} MB)"
        )


if __name__ == "__main__":
    main()
