"""`windu demo`: the main job on a table that ships with windu."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["demo"]

_CONFIGURATION = """\
# windu train storms.yaml
data: {path: storms.csv, target: status}
split: {test: 0.2, seed: 0}
estimator: {model: hist_gradient_boosting, random_state: 0}
evaluate: [accuracy, balanced_accuracy]
metastore: metastore
name: storms
"""

_PREDICT = """
import sys, pandas, windu
model, table, out = sys.argv[1:]
est = windu.load(model)
rows = pandas.read_csv(table)
rows.assign(prediction=est.predict(rows)).to_csv(out, index=False)
"""


def demo(
    folder: Annotated[Path, typer.Option(help="Where to write.")] = Path("windu-demo"),
) -> None:
    """Train on storms of the Atlantic, evaluate, store, load afresh and predict."""
    # Typing `windu --help` shall not wait for scikit-learn and pandas.
    from sklearn.metrics import balanced_accuracy_score, log_loss
    from sklearn.model_selection import train_test_split

    from windu.datasets import load_storms
    from windu.estimator import WinduEstimator
    from windu.persistence import save

    _write_demo(folder)
    load_storms().frame.to_csv(folder / "storms.csv", index=False)
    (folder / "storms.yaml").write_text(_CONFIGURATION, encoding="utf-8")
    X, y = load_storms(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.2, stratify=y, random_state=0
    )
    print(f"Table: storms, {len(X)} rows, {X.shape[1]} columns, target 'status'.")
    est = WinduEstimator(random_state=0).fit(X_train, y_train)
    print(
        f"Trained on {len(X_train)} rows as {est.task_}: {len(est.classes_)} classes."
    )
    print(est.feature_report_.to_string(index=False))

    probabilities = est.predict_proba(X_test)
    constant = y_train.value_counts(normalize=True)[est.classes_].to_list()
    print(f"On {len(X_test)} rows held back:")
    print(f"  accuracy           {est.score(X_test, y_test):.3f}")
    balanced = balanced_accuracy_score(y_test, est.predict(X_test))
    print(f"  balanced accuracy  {balanced:.3f}")
    loss = log_loss(y_test, probabilities, labels=est.classes_)
    plain = log_loss(y_test, [constant] * len(y_test), labels=est.classes_)
    print(f"  log-loss           {loss:.3f} (always the class shares: {plain:.3f})")

    model = save(est, folder / "storms.windu")
    table, scored = folder / "new.csv", folder / "scored.csv"
    X_test.head(100).to_csv(table, index=False)
    command = [sys.executable, "-c", _PREDICT, str(model), str(table), str(scored)]
    subprocess.run(command, check=True)
    print(f"Stored {model} ({model.stat().st_size / 1e6:.1f} MB).")
    print(f"A fresh process loaded it, read {table} and wrote {scored}.")
    print(f"The table and a configuration are in {folder}:")
    print(f"  cd {folder}")
    print("  windu train storms.yaml")
    print("  windu predict storms@1 new.csv -o scored.parquet")
    print("Next, in Python:")
    print("  import pandas, windu")
    print(f"  est = windu.load({str(model)!r})")
    print(f"  est.predict_proba(pandas.read_csv({str(table)!r}))")
    print("  windu.WinduEstimator().fit(X, y)   # with a table of your own")


def _write_demo(folder: Path) -> None:
    from windu.exceptions import PersistenceError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PersistenceError(
            f"The folder {str(folder)!r} must be writable. Got: {error}. Pass another "
            "one with --folder."
        ) from error
