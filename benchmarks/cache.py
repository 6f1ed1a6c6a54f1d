"""What does the cache of steps bring?

    python benchmarks/cache.py [--rows 20000]

A training pipeline with a metastore on a made-up table in a CSV file: a first run, the
same configuration again in a new pipeline (as another process has it), and a run with
only the model changed. Seconds, and the share of the first run.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from windu import TrainingPipeline, WinduEstimator


def make_table(n_rows: int) -> pd.DataFrame:
    """Return numbers, levels, dates and texts, and a target that depends on them."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(n_rows, 10))).add_prefix("x")
    table["city"] = rng.choice([f"city {i}" for i in range(40)], n_rows)
    table["day"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(
        rng.integers(0, 900, n_rows), unit="D"
    )
    words = np.array(["red", "green", "blue", "old", "new", "big"])
    table["note"] = [" ".join(rng.choice(words, 8)) for _ in range(n_rows)]
    score = table["x0"] + (table["city"] < "city 2") + rng.normal(size=n_rows)
    return table.assign(target=np.where(score > 0.5, "yes", "no"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        make_table(options.rows).to_csv(Path(folder, "table.csv"), index=False)

        def run(what: str, model: Any) -> None:
            pipe = TrainingPipeline(
                WinduEstimator(model, random_state=0),
                data=Path(folder, "table.csv"),
                target="target",
                split={"dev": 0.2},
                metastore=Path(folder, "metastore"),
                name="benchmark",
            )
            start = time.perf_counter()
            steps = pipe.run().steps
            seconds = time.perf_counter() - start
            cached = ", ".join(steps.loc[steps["state"] == "cached", "step"])
            rows.append(
                (what, seconds, seconds / (rows[0][1] if rows else seconds), cached)
            )

        run("first run", "auto")
        run("the same again", "auto")
        run("another model of the same kind", "hist_gradient_boosting")
        run("that again", "hist_gradient_boosting")
    names = ["run", "seconds", "of the first", "from the cache"]
    print(pd.DataFrame(rows, columns=names).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
