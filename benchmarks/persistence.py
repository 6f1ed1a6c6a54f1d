"""How large and how quick are saved models, against joblib?

    python benchmarks/persistence.py [--rows 3000] [--trees 300]

`windu.save` and `windu.load` of a `WinduEstimator` around a model, and joblib's dump
(compressed) and load of the same estimator. ``load`` is also shown against joblib
without compression; ``structure`` is the look at the fitted model in it. Ratios above 1
are worse for windu, the best of several runs each.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from sklearn.datasets import make_classification

from windu import WinduEstimator, load, save
from windu.persistence.integrity import check_structure


def best(work: Callable[[], Any], repeats: int = 7) -> float:
    """Return the shortest of several times, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=3_000)
    parser.add_argument("--trees", type=int, default=300)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    X, y = make_classification(options.rows, 20, random_state=0)
    X = pd.DataFrame(X).add_prefix("x")
    models = {
        "random_forest": {"model__n_estimators": options.trees},
        "hist_gradient_boosting": {},
        "linear": {},
        "auto": {},
    }
    rows = []
    for name, parameters in models.items():
        est = WinduEstimator(name, task="binary", random_state=0)
        est.set_params(**parameters).fit(X, y)
        with tempfile.TemporaryDirectory() as folder:
            ours, theirs, plain = (Path(folder, n) for n in ("a.windu", "b", "c"))
            seconds = best(lambda e=est, p=ours: save(e, p), 3)
            joblib.dump(est, theirs, compress=3)
            joblib.dump(est, plain)
            loading = best(lambda p=ours: load(p))
            checking = best(lambda e=est: check_structure(e.model_))
            rows.append(
                {
                    "model": name,
                    "size, MB": ours.stat().st_size / 1e6,
                    "size ratio": ours.stat().st_size / theirs.stat().st_size,
                    "load, ms": loading * 1e3,
                    "load ratio": loading / best(lambda p=theirs: joblib.load(p)),
                    "to plain joblib": loading / best(lambda p=plain: joblib.load(p)),
                    "structure, ms": checking * 1e3,
                    "save, ms": seconds * 1e3,
                }
            )
    print(pd.DataFrame(rows).round(2).to_string(index=False))


if __name__ == "__main__":
    main()
