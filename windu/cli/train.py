"""`windu train`: configurations to stored, evaluated runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windu.cli.runs import DEFAULT, Where
from windu.cli.tables import print_result

if TYPE_CHECKING:
    from windu.pipeline import PipelineResult, TrainingPipeline
    from windu.pipeline.runner import Done

__all__ = ["ALLOW", "read_change", "train"]

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
    """Return key and value of what ``--set`` says."""
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
    """Give what draws a bar of the steps, where somebody can see it."""
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
