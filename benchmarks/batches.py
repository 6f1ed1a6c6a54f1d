"""What do one row and small batches cost, on every table?

    OMP_NUM_THREADS=1 python benchmarks/batches.py [FOLDER] [--model auto] [--repeats 7]

The median time of windu's validated `predict_proba` (`predict` for amounts), as a ratio
to the bare scikit-learn pipeline with the same parts and no validation; both take turns
in one run. FOLDER has one folder a table, each with X.parquet and y.parquet, of which
the first 3,000 rows are used; without it one table is made.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from bare import bare_pipeline, make_table

from windu import WinduEstimator

SIZES = (1, 2, 10, 50, 100, 300, 1000)


def tables(folder: Path | None) -> Iterator[tuple[str, pd.DataFrame, Any]]:
    """Return name, X and y of each table with one target."""
    if folder is None:
        yield ("made", *make_table(3000))
        return
    for path in sorted(folder.iterdir()):
        if (path / "X.parquet").exists():
            X, y = (
                pd.read_parquet(path / f"{name}.parquet").head(3000) for name in "Xy"
            )
            if y.shape[1] == 1:
                yield path.name, X, y.iloc[:, 0]


def ratio(first: Any, second: Any, repeats: int) -> tuple[float, float, float]:
    """Return the median times in milliseconds, and their ratio."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats + 1):
        for work, times in zip((first, second), taken, strict=True):
            start = perf_counter()
            work()
            work()
            times.append(500 * (perf_counter() - start))
    # The first turn is cold.
    left, right = (float(np.median(times[1:])) for times in taken)
    return left, right, left / right


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--model", default="auto")
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print("ratio to the bare pipeline (ms of windu)")
    print(f"{'rows':<20}" + "".join(f"{size:>15}" for size in SIZES))
    ratios = []
    for name, X, y in tables(options.folder):
        est = WinduEstimator(options.model, random_state=0).fit(X, y)
        values = est.task_ == "regression"
        method = "predict" if values else "predict_proba"
        codes = y if values else est.label_encoder_.transform(y)
        bare = bare_pipeline(est, X).fit(X, codes)
        line = []
        for size in SIZES:
            rows = X.iloc[:size]
            line.append(
                ratio(
                    partial(getattr(est, method), rows),
                    partial(getattr(bare, method), rows),
                    options.repeats,
                )
            )
        ratios.append([by for _, _, by in line])
        cells = "".join(f"{by:7.2f} ({ms:5.1f})" for ms, _, by in line)
        print(f"{name[:20]:<20}{cells}", flush=True)
    for label, function in (("median", np.median), ("largest", np.max)):
        worst = "".join(f"{x:7.2f}        " for x in function(ratios, axis=0))
        print(f"{label:<20}{worst}")


if __name__ == "__main__":
    main()
