"""`windu demo`, `schema`, `train` and `search`: from a table to stored runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from windu.cli.runs import DEFAULT, Where

if TYPE_CHECKING:
    import pandas as pd

    from windu.pipeline import PipelineResult, TrainingPipeline
    from windu.pipeline.model_selection import SearchResult
    from windu.pipeline.runner import Done

__all__ = ["ALLOW", "demo", "print_result", "read_change", "schema", "search", "train"]

_COLORS = {"ran": "yellow", "cached": "blue", "kept": "green", "absent": "dim"}


def print_result(result: PipelineResult) -> None:
    """Print steps, scores and classes; plain unless in a terminal."""
    if not sys.stdout.isatty():
        print(result)
        return
    from rich.console import Console

    console = Console(highlight=False)
    steps = result.steps.drop(columns="note")
    console.print(_table("step", steps.set_index("step")))
    for note in result.notes():
        console.print(note, markup=False)
    for table in result.tables():
        console.print(_table(str(table.columns.name or "score"), table))
    if result.run is not None:
        console.print(f"Stored as {result.run.reference}.", markup=False)


def _table(name: str, frame: Any) -> Any:
    """Return a frame as a rich table, without markup."""
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    printed = Table(box=SIMPLE, show_edge=False)
    printed.add_column(Text(str(name)))
    for column, dtype in frame.dtypes.items():
        right = "right" if dtype.kind in "if" else "left"
        printed.add_column(Text(str(column)), justify=right)  # type: ignore[arg-type]
    for label, row in zip(frame.index, frame.itertuples(index=False), strict=True):
        printed.add_row(Text(str(label)), *map(_cell, row))
    return printed


def _cell(value: Any) -> Any:
    from rich.text import Text

    text = f"{value:.4f}" if isinstance(value, float) else str(value)
    return Text(text, style=_COLORS.get(text, ""))


ALLOW = "A package or module of your own that the file may use; repeat it."


def train(
    configs: Annotated[list[Path], typer.Argument(help="YAML files.")],
    change: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="key=value, such as estimator.model=SVC; repeat it."
        ),
    ] = None,
    allow: Annotated[list[str] | None, typer.Option(help=ALLOW)] = None,
    trusted: Annotated[
        list[str] | None,
        typer.Option(help="A type or function of a stored part; repeat it."),
    ] = None,
    metastore: Where = None,
    start: Annotated[
        str | None, typer.Option("--from", help="The first step that runs anyway.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="The last step to run.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing.")] = False,
) -> None:
    """Train as each file says, evaluate and store; compare where there are several.

    What has not changed since the last run comes from the metastore's cache.
    """
    from windu.pipeline import TrainingPipeline

    changes = dict(read_change(assignment) for assignment in change or [])
    pipes = {
        str(config): TrainingPipeline.from_yaml(
            config, allow=allow or [], changes=changes
        )
        for config in configs
    }
    results = {}
    for config, pipe in pipes.items():
        name = pipe.settings["name"] or Path(config).stem
        if metastore is not None or pipe.settings["metastore"] is None:
            pipe.set(metastore=metastore or DEFAULT)
        pipe.set(name=name, trusted=trusted or [])
        with _progress(quiet, name, _steps_to(pipe, until)) as report:
            results[config] = pipe.run(start=start, until=until, progress=report)
        if not quiet:
            print_result(results[config])
    if len(results) > 1 and not quiet:
        print(f"\n{_side_by_side(results).to_string()}")


def _steps_to(pipe: TrainingPipeline, until: str | None) -> list[str]:
    steps = pipe.steps
    return steps[: steps.index(until) + 1] if until in steps else steps


def read_change(text: str) -> tuple[str, str]:
    """Return key and value of an option ``--set``."""
    from windu.exceptions import ConfigError

    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ConfigError(
            f"--set must be key=value, such as estimator.model=SVC. Got {text!r}."
        )
    return key, value


def _side_by_side(results: dict[str, PipelineResult]) -> Any:
    """Return the scores of several runs, one column each."""
    import pandas as pd

    columns = {
        result.run.reference if result.run else config: {
            score: value
            for score, value in result.metrics.items()
            if isinstance(value, (int, float))
        }
        for config, result in results.items()
    }
    return pd.DataFrame(columns)


@contextmanager
def _progress(quiet: bool, name: str, steps: list[str]) -> Iterator[Any]:
    """Return a progress bar of the steps, drawn only in a terminal."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        *(SpinnerColumn(), TextColumn("{task.description}", markup=False)),
        *(BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=len(steps))

        def report(done: Done) -> None:
            if done.step not in steps:
                return
            if done.state == "running":
                bar.update(task, description=f"{name}: {done.step}")
            else:
                bar.advance(task)

        yield report


_SHOWN = ("rank", "trial", "score", "std", "fit_time", "latency_ms", "state")


def search(
    config: Annotated[Path, typer.Argument(help="A YAML file.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Where the winner's YAML goes: CONFIG.best.yaml."
        ),
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", help="key=value, such as search.timeout=60; repeat it."),
    ] = None,
    allow: Annotated[list[str] | None, typer.Option(help=ALLOW)] = None,
    metastore: Where = None,
    train: Annotated[
        bool, typer.Option(help="Train, evaluate and store the winner.")
    ] = True,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing.")] = False,
) -> None:
    """Search as the file says, write the winner's YAML, train it and test it once.

    The search sees the train and dev rows alone. With a storage, the same line goes on
    where it was stopped.
    """
    from windu.pipeline import TrainingPipeline

    changes = dict(read_change(assignment) for assignment in change or [])
    pipe = TrainingPipeline.from_yaml(config, allow=allow or [], changes=changes)
    if metastore is not None or pipe.settings["metastore"] is None:
        pipe.set(metastore=metastore or DEFAULT)
    pipe.set(name=pipe.settings["name"] or config.stem)
    path = config.with_suffix(".best.yaml") if output is None else output
    if not path.parent.is_dir():
        # Raised now rather than after the search.
        _refuse(path, "no such folder")
    searched = pipe.search(verbose=0 if quiet else _verbosity())
    if not quiet:
        print(_best_of(searched.leaderboard))
        print(f"\nMaximized: {searched.score or 'the score of the estimator'}.")
    # The winner is stored first: later steps may fail.
    result = _run_or_keep(searched, path) if train else None
    _write(searched.production.to_yaml(), path)
    if not quiet:
        print(f"The winner is written to {path}.")
        if result is not None:
            print_result(result)


def _verbosity() -> int | str:
    """Return "auto" in a terminal, else lines for a file."""
    return "auto" if sys.stderr.isatty() else 1


def _run_or_keep(searched: SearchResult, path: Path) -> PipelineResult:
    """Run the winner; where that fails, store what the search has fitted."""
    try:
        result: PipelineResult = searched.production.run()
    except BaseException:
        from windu.persistence import save

        kept = save(searched.search.best_estimator_, path.with_suffix(".windu"))
        print(
            f"The winner of the search, fitted, is stored in {kept}.", file=sys.stderr
        )
        raise
    return result


def _best_of(leaderboard: pd.DataFrame) -> str:
    """Return the ten best trials, with their parameters in one column."""
    best = leaderboard.head(10)
    after = list(best.columns).index("error") + 1
    chosen = [
        ", ".join(
            str(value)
            if name == "model"
            else f"{str(name).removeprefix('model__')}={value}"
            # The model first.
            for name, value in sorted(row.items(), key=lambda pair: pair[0] != "model")
            if value is not None
        )
        for row in best.iloc[:, after:].to_dict("records")
    ]
    width = max(map(len, chosen), default=0)
    table = best[list(_SHOWN)].assign(chosen=[text.ljust(width) for text in chosen])
    lines = table.to_string(
        index=False, justify="left", float_format="{:.5g}".format
    ).splitlines()
    return "\n".join(line.rstrip() for line in lines)


def _write(text: str, path: Path) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        _refuse(path, str(error.strerror))


def _refuse(path: Path, reason: str) -> NoReturn:
    from windu.exceptions import TableError

    raise TableError(
        f"The winner's YAML must be written to {str(path)!r}. Got: {reason}. Pass "
        "another place with -o."
    )


class Kind(StrEnum):
    """The kinds of schema."""

    config = "config"


def schema(kind: Annotated[Kind, typer.Argument(help="Of what.")]) -> None:
    """Print the JSON schema of configuration files."""
    from windu.config import config_schema

    print(json.dumps(config_schema(), indent=1))


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
    # `windu --help` must not import scikit-learn and pandas.
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
