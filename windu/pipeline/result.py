"""What a run of a pipeline did and made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from windu.metastore import StoredRun
from windu.pipeline.runner import HIDDEN, Done

__all__ = ["PipelineResult", "metrics_table", "steps_table"]


@dataclass(frozen=True)
class PipelineResult:
    """What a run of a pipeline did and made.

    Parameters
    ----------
    steps : DataFrame
        One row a step: ``step``, ``state`` ("ran", "cached" from the metastore,
        "kept" in memory, "absent"), ``seconds``, ``shapes``, ``note``.
    estimator : WinduEstimator or None
        Fitted; None if the run ended before.
    metrics : dict
        Scores of what was held back.
    run : StoredRun or None
        Where it was stored.
    value : object
        What the last step made.

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

    def __str__(self) -> str:
        said = [self.steps.drop(columns="note").to_string(index=False)]
        notes = self.steps[self.steps["note"] != ""]
        said += [f"{row.step}: {row.note}" for row in notes.itertuples()]
        if len(table := metrics_table(self.metrics)):
            said += ["", table.to_string()]
        if self.run is not None:
            said += ["", f"Stored as {self.run.reference}."]
        return "\n".join(said)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        html = self.steps.to_html(index=False, float_format="{:.3f}".format)
        if len(table := metrics_table(self.metrics)):
            html += table.to_html(float_format="{:.4f}".format)
        return html


def steps_table(done: Sequence[Done]) -> pd.DataFrame:
    """Return what was done as a table, one row a step that users know."""
    rows = [asdict(one) for one in done if one.step not in HIDDEN]
    table = pd.DataFrame(rows, columns=["step", "state", "seconds", "shapes", "note"])
    return table.round({"seconds": 4})


def metrics_table(metrics: Mapping[str, Any]) -> pd.DataFrame:
    """Return scores as a table, one row a score and one column a part.

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
