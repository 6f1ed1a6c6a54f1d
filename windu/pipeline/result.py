"""The result of a pipeline run, as tables and as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from typing import Any

import pandas as pd

from windu.metastore import StoredRun
from windu.pipeline.runner import HIDDEN, Done

__all__ = [
    "HIDDEN",
    "PipelineResult",
    "classes_table",
    "diagram",
    "metrics_table",
    "steps_html",
    "steps_table",
]

_STYLE = """<style>
.windu-steps {display: flex; flex-wrap: wrap; gap: .35em; font: 13px sans-serif}
.windu-steps > div {border: 1px solid #8888; border-radius: 6px; padding: .4em .6em;
 border-left: 5px solid var(--c); max-width: 18em; overflow-wrap: anywhere}
.windu-steps small {display: block; opacity: .8}
</style>"""
_COLORS = {"ran": "#d97706", "cached": "#2563eb", "kept": "#16a34a"}
_NONE = "#8888"


def steps_html(rows: Sequence[Mapping[Any, Any]]) -> str:
    """Return steps as a row of boxes.

    Parameters
    ----------
    rows : sequence of mapping
        ``step`` and ``state``, and where they ran ``seconds``, ``shapes``, ``note``.

    Returns
    -------
    str
        Escaped.
    """
    return f'{_STYLE}<div class="windu-steps">{"".join(map(_box, rows))}</div>'


def _box(row: Mapping[Any, Any]) -> str:
    state = str(row["state"])
    seconds = f", {row['seconds']:.2f} s" if "seconds" in row else ""
    lines = [state + seconds, row.get("shapes"), row.get("note")]
    small = "".join(f"<small>{escape(str(line))}</small>" for line in lines if line)
    color = _COLORS.get(state, _NONE)
    return f'<div style="--c: {color}">{escape(str(row["step"]))}{small}</div>'


#: Largest number of classes to print; the report shows them all.
_FEW_CLASSES = 20


@dataclass(frozen=True)
class PipelineResult:
    """The result of a pipeline run.

    Parameters
    ----------
    steps : DataFrame
        One row a step: ``step``, ``state`` ("ran", "cached" from the metastore,
        "kept" in memory, "absent"), ``seconds``, ``shapes``, ``note``.
    estimator : WinduEstimator or None
        Fitted; None if the run ended before.
    metrics : dict
        Scores of what was held back, and what else is told of it.
    run : StoredRun or None
        Where it was stored.
    value : object
        What the last step made.
    stats : dict
        Statistics of the rows, with ``alarms``; empty if the run ended before.

    Examples
    --------
    >>> from windu import TrainingPipeline
    >>> from windu.datasets import load_penguins
    >>> pipe = TrainingPipeline(data=load_penguins().frame, target="species")
    >>> pipe.run(until="split")
     step state  seconds      shapes
     load   ran ...
    split   ran ...
    """

    steps: pd.DataFrame
    estimator: Any
    metrics: Mapping[str, Any]
    run: StoredRun | None
    value: Any
    stats: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [self.steps.drop(columns="note").to_string(index=False)]
        lines += self.notes()
        for table in self.tables():
            lines += ["", table.to_string(float_format="{:.4f}".format)]
        if self.run is not None:
            lines += ["", f"Stored as {self.run.reference}."]
        return "\n".join(lines)

    __repr__ = __str__

    def notes(self) -> list[str]:
        """Return why steps could not be cached, one text each."""
        pairs = zip(self.steps["step"], self.steps["note"], strict=True)
        return [f"{step}: {note}" for step, note in pairs if note]

    def tables(self) -> list[pd.DataFrame]:
        """Return the tables to show: scores, and classes where they are few.

        Returns
        -------
        list of DataFrame
            Those that are not empty; the name of its columns says what a table is.
        """
        all_tables = [metrics_table(self.metrics), classes_table(self.metrics)]
        return [table for table in all_tables if 0 < len(table) <= _FEW_CLASSES]

    def _repr_html_(self) -> str:
        html = steps_html(self.steps.to_dict("records"))
        for table in self.tables():
            html += table.to_html(float_format="{:.4f}".format)
        return html


def steps_table(done: Sequence[Done]) -> pd.DataFrame:
    """Return the steps as a table, one row per public step."""
    rows = [asdict(step_done) for step_done in done if step_done.step not in HIDDEN]
    table = pd.DataFrame(rows, columns=["step", "state", "seconds", "shapes", "note"])
    return table.round({"seconds": 4})


def metrics_table(metrics: Mapping[str, Any]) -> pd.DataFrame:
    """Return scores as a table, one row per score and one column per part.

    Parameters
    ----------
    metrics : mapping
        As `evaluate` returns them.

    Returns
    -------
    DataFrame
        Empty without scores.

    Examples
    --------
    >>> from windu.pipeline.result import metrics_table
    >>> metrics_table({"dev.f1": 0.5, "test.f1": 0.25, "test_evaluations": 1})
         dev  test
    f1   0.5  0.25
    """
    parts: dict[str, dict[str, Any]] = {}
    for name, value in metrics.items():
        part, dot, score = name.partition(".")
        if dot and not isinstance(value, Mapping):
            parts.setdefault(part, {})[score] = value
    return pd.DataFrame(parts)


def classes_table(metrics: Mapping[str, Any]) -> pd.DataFrame:
    """Return precision, recall, f1 and rows of each class or label.

    Parameters
    ----------
    metrics : mapping
        As `evaluate` returns them.

    Returns
    -------
    DataFrame
        Of the test part, else of the first; empty where there are no classes. Its
        columns are named after the part.

    Examples
    --------
    >>> from windu.pipeline.result import classes_table
    >>> row = {"precision": 1.0, "recall": 0.5, "f1": 0.667, "rows": 4}
    >>> classes_table({"dev": {"classes": {"yes": row}}})
    dev  precision  recall     f1  rows
    yes        1.0     0.5  0.667     4
    """
    tables = {
        part: metrics_of_part["classes"]
        for part, metrics_of_part in metrics.items()
        if isinstance(metrics_of_part, Mapping) and "classes" in metrics_of_part
    }
    if not tables:
        return pd.DataFrame()
    part = "test" if "test" in tables else next(iter(tables))
    table = pd.DataFrame.from_dict(tables[part], orient="index")
    table.index = [printable(name) for name in table.index]
    return table.astype({"rows": int}).rename_axis(columns=part)


def printable(text: str) -> str:
    """Return a text without control characters, safe to print in a terminal."""
    return "".join(
        character if character.isprintable() else repr(character)[1:-1]
        for character in text
    )


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
