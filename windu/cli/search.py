"""`windu search`: a configuration to a better one, and its stored run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from windu.cli.runs import DEFAULT, Where
from windu.cli.tables import print_result
from windu.cli.train import ALLOW, read_change

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["search"]

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
    searched = pipe.search(verbose=0 if quiet else 1)
    path = config.with_suffix(".best.yaml") if output is None else output
    _write(searched.production.to_yaml(), path)
    if not quiet:
        print(_best_of(searched.leaderboard))
        print(f"\nThe winner is written to {path}.")
    if train:
        result = searched.production.run()
        if not quiet:
            print_result(result)


def _best_of(leaderboard: pd.DataFrame) -> str:
    """Return the ten best trials, what was chosen for each in one column."""
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
    from windu.exceptions import TableError

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise TableError(
            f"The winner's YAML must be written to {str(path)!r}. Got: "
            f"{error.strerror}. Pass another place with -o."
        ) from error
