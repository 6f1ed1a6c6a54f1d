"""`windu export`: a stored run to the configuration of a prediction pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from windu.cli.runs import DEFAULT, Where, open_any

if TYPE_CHECKING:
    from windu.persistence.runs import Run

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

    read = _how_read(open_any(run, metastore))
    place = None if Path(run).exists() else metastore or DEFAULT
    pipe = PredictionPipeline(run, metastore=place, keep=keep or [], **read)
    text = pipe.to_yaml()
    if output is None:
        print(text, end="")
    else:
        output.write_text(text, encoding="utf-8")


def _how_read(run: Run) -> dict[str, Any]:
    """Return how the files of training were written, if a pipeline has read them."""
    from windu.config.yaml_text import read_yaml

    if "config.yaml" not in run.manifest.artifacts:
        return {}
    config = read_yaml(run.read("config.yaml").decode()).data
    data = config.get("data") if isinstance(config, dict) else None
    if not isinstance(data, dict):
        return {}
    options = {
        name: value
        for name, value in (data.get("options") or {}).items()
        # New tables may lack the target, and have other columns.
        if name not in ("usecols", "columns")
    }
    reading = {"format": data.get("format"), "options": options}
    return {name: value for name, value in reading.items() if value}
