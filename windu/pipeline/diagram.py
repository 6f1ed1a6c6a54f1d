"""A pipeline in a notebook: its steps as boxes, with state, shapes and time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from windu.pipeline.boxes import steps_html

__all__ = ["diagram"]


def diagram(
    names: Sequence[str],
    steps: pd.DataFrame | None,
    settings: Mapping[str, Any],
    changed: bool = False,
) -> str:
    """Return a pipeline as HTML.

    Parameters
    ----------
    names : sequence of str
        Its steps, in order.
    steps : DataFrame or None
        What the last run did, as `PipelineResult.steps`.
    settings : mapping of str to object
        Of the pipeline.
    changed : bool, default=False
        Whether they are others than those of the last run.

    Returns
    -------
    str
        Escaped.
    """
    done = {} if steps is None else steps.set_index("step").to_dict("index")
    rows: list[dict[Any, Any]] = [
        {"step": name, "state": "not run yet", **done.get(name, {})} for name in names
    ]
    settings_shown = {
        "target": settings.get("target"),
        "split": settings.get("split"),
        "model": settings["estimator"].model,
        "name": settings.get("name"),
    }
    head = ", ".join(
        f"{name}: {escape(str(value))}"
        for name, value in settings_shown.items()
        if value
    )
    old = "<p>Settings have changed since this run.</p>" if changed else ""
    return f"<b>TrainingPipeline</b> {head}{old}{steps_html(rows)}"
