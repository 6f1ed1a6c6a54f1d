"""`windu export`: a stored run to the configuration of a prediction pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from windu.cli.runs import DEFAULT, Where, open_any

__all__ = ["export"]


def export(
    run: Annotated[str, typer.Argument(help="A stored run, a file or a folder.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write.")
    ] = None,
    metastore: Where = None,
    keep: Annotated[
        list[str] | None, typer.Option(help="A column to write as well; repeat it.")
    ] = None,
) -> None:
    """Write the YAML with which `windu predict` uses a run; print it without -o."""
    from windu.pipeline import PredictionPipeline

    open_any(run, metastore)
    place = None if Path(run).exists() else metastore or DEFAULT
    text = PredictionPipeline(run, metastore=place, keep=keep or []).to_yaml()
    if output is None:
        print(text, end="")
    else:
        output.write_text(text, encoding="utf-8")
