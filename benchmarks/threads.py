"""What do small fits and single rows cost while another process keeps the cores busy?

    python benchmarks/threads.py [--repeats 10]

fit on 300 rows and predict of one row, with a process that runs gradient boosting on
every core beside it; against the bare scikit-learn pipeline with the same parts, which
wakes a pool of OpenMP threads for each. Do not set OMP_NUM_THREADS for this one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

from bare import bare_pipeline, make_table
from overhead import ratio
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.preprocessing import LabelEncoder

from windu import WinduEstimator

BUSY = """
import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
X = np.random.default_rng(0).normal(size=(50_000, 20))
while True:
    HistGradientBoostingRegressor(max_iter=200).fit(X, X[:, 0])
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10)
    options = parser.parse_args()
    if "OMP_NUM_THREADS" in os.environ:
        raise SystemExit("Unset OMP_NUM_THREADS: it hides what this script measures.")
    X, y = make_table(300)
    codes, one = LabelEncoder().fit_transform(y), X.iloc[[0]]
    est = WinduEstimator(HistGradientBoostingClassifier(random_state=0)).fit(X, y)
    bare = bare_pipeline(est).fit(X, codes)
    for beside in (False, True):
        busy = subprocess.Popen([sys.executable, "-c", BUSY]) if beside else None
        try:
            time.sleep(5 if beside else 0)
            print("beside a busy process" if beside else "on a quiet machine")
            for what, ours, theirs in (
                ("fit", lambda: est.fit(X, y), lambda: bare.fit(X, codes)),
                ("one row", lambda: est.predict(one), lambda: bare.predict(one)),
            ):
                value, mine, other = ratio(ours, theirs, options.repeats)
                print(f"  {what:10}{value:6.2f}  ({mine:.1f} ms / {other:.1f} ms)")
        finally:
            if busy is not None:
                busy.kill()
                busy.wait()


if __name__ == "__main__":
    main()
