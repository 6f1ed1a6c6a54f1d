"""`report`: one HTML page about a run."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from windu.evaluation.details import plain_curve
from windu.exceptions import WinduError
from windu.io.atomic_write import atomic_write
from windu.metastore import Metastore
from windu.persistence.format.artifacts import read_json, read_schema
from windu.persistence.format.runs import Run, open_path
from windu.persistence.format.signature import key_of
from windu.persistence.trust.inspection import load_part_of
from windu.reports import quality
from windu.reports.figures import can_plot
from windu.reports.html import note, page, raw, section
from windu.reports.quality import how_to_load, scores, summary

__all__ = ["Report", "report", "report_of"]


@dataclass(frozen=True)
class Report:
    """A page about a run.

    Parameters
    ----------
    name : str
        What the run is called.
    html : str
        The whole page: one file with pictures, that asks for nothing and runs nothing.

    Examples
    --------
    >>> from windu import Report
    >>> Report("credit@1", "<!DOCTYPE html>")
    Report('credit@1', 15 characters)
    """

    name: str
    html: str

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file, which is there whole or not at all.

        Parameters
        ----------
        path : str or pathlib.Path
            For instance ``"report.html"``.

        Returns
        -------
        pathlib.Path
            The file.
        """
        target = Path(path)
        with atomic_write(target) as folder:
            (folder / "page").write_text(self.html, encoding="utf-8")
            (folder / "page").replace(target)
        return target

    def __repr__(self) -> str:
        return f"Report({self.name!r}, {len(self.html)} characters)"

    def _repr_html_(self) -> str:
        # Scripts stay forbidden; browsers may show nothing in a sandbox without origin.
        rules = 'sandbox="allow-same-origin"'
        style = 'style="width:100%; height:40em; border:1px solid #8888"'
        return f'<iframe srcdoc="{escape(self.html)}" {rules} {style}></iframe>'


def report(
    run: str | os.PathLike[str],
    metastore: Metastore | str | os.PathLike[str] | None = None,
    *,
    key: bytes | str | Path | None = None,
) -> Report:
    """Return a page about a stored run: scores, data, classes, calibration, importance.

    Parameters
    ----------
    run : str or pathlib.Path
        A file or folder that `save` wrote; with `metastore` a reference, such as
        ``"credit@3"``.
    metastore : Metastore, str or pathlib.Path, default=None
        Where the run is stored.
    key : bytes, str or pathlib.Path, default=None
        The manifest must be signed with it; as in `save`.

    Returns
    -------
    Report
        Shows itself in notebooks; `Report.save` writes the file. Without matplotlib
        (``pip install "windu[plot]"``) it has no pictures, and says so.

    Raises
    ------
    PersistenceError
        If the run is missing, damaged, or none of windu's.

    Examples
    --------
    >>> import tempfile, pathlib, windu
    >>> est = windu.WinduEstimator("linear").fit([[0.0], [1.0], [2.0]], [0, 0, 1])
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> path = windu.save(est, folder / "steps.windu")
    >>> windu.report(path).save(folder / "report.html").name
    'report.html'
    """
    if metastore is None:
        return report_of(open_path(Path(run), key=key_of(key)), str(run))
    if isinstance(metastore, Metastore):
        return report_of(metastore.open(str(run)), str(run), "...")
    place = os.fspath(metastore)
    return report_of(Metastore(place, key=key).open(str(run)), str(run), place)


def report_of(run: Run, name: str, place: str | None = None) -> Report:
    """Return the page about a run that is open.

    Parameters
    ----------
    run : Run
        As opened.
    name : str
        What it is called, and how it is loaded.
    place : str, default=None
        The metastore that it is loaded from.

    Returns
    -------
    Report
        Of what the run holds; it says what is not there.
    """
    metrics, stats = read_json(run, "metrics.json"), read_json(run, "stats.json")
    parts = {
        part: metrics_of_part
        for part, metrics_of_part in metrics.items()
        if part != "importance" and isinstance(metrics_of_part, Mapping)
    }
    has_schema = "schema.json" in run.manifest.artifacts
    makers: list[tuple[str, Callable[[], raw]]] = [
        ("Summary", lambda: summary(run, stats)),
        ("Scores", lambda: scores(metrics)),
        ("Alarms", lambda: quality.alarms(stats)),
        ("Data", lambda: quality.rows(stats)),
        ("Classes", lambda: quality.classes(parts)),
        ("Confusion matrix", lambda: quality.confusion(parts)),
        ("Calibration", lambda: quality.calibration(parts)),
        ("Thresholds", lambda: quality.thresholds(parts, _chosen(run))),
        ("Residuals", lambda: quality.residuals(parts)),
        ("Importance", lambda: quality.importance(metrics.get("importance"))),
        ("Schema", lambda: _schema(run, stats) if has_schema else raw("")),
        ("Not in this run", lambda: _missing(run, metrics, stats, parts)),
        ("How to load", lambda: how_to_load(run, name, place)),
    ]
    sections = [_safe(title, maker) for title, maker in makers]
    if not can_plot():
        sections.insert(1, section("Pictures", note(_WITHOUT_PICTURES)))
    return Report(name, page(name, sections))


_WITHOUT_PICTURES = (
    "This page has all tables, but no pictures, since matplotlib is not installed. "
    "Install it, and write the page again: pip install 'windu[plot]'."
)


def _safe(title: str, maker: Callable[[], raw]) -> raw:
    """Return a section, or nothing if custom metrics do not have its form."""
    try:
        return maker()
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        message = f"It is not of the form that windu writes: {type(error).__name__}."
        return section(title, note(message))


def _schema(run: Run, stats: Mapping[str, Any]) -> raw:
    return quality.schema(read_schema(run, "schema.json"), stats)


def _chosen(run: Run) -> dict[str, Any] | None:
    """Return the curve along which the threshold was chosen."""
    if "threshold.skops" not in run.manifest.artifacts:
        return None
    try:
        return plain_curve(load_part_of(run, "threshold"))
    except WinduError:
        # A scorer of somebody's own is not built for a picture.
        return None


def _missing(
    run: Run,
    metrics: Mapping[str, Any],
    stats: Mapping[str, Any],
    parts: Mapping[str, Any],
) -> raw:
    notes = []
    if "schema.json" not in run.manifest.artifacts:
        notes.append(
            "No schema: a part alone, or not an estimator of windu, was saved."
        )
    if "rows" not in stats:
        notes.append(
            "No statistics of the rows, and no alarms: TrainingPipeline has them."
        )
    if not any(
        f"{artifact}.skops" in run.manifest.artifacts
        for artifact in ("model", "object")
    ):
        notes.append("No model: it ends with the transformer.")
    elif not parts:
        notes.append(
            "No evaluation: a TrainingPipeline makes one if rows are held back "
            "(split: {test: 0.2})."
        )
    elif "importance" not in metrics:
        notes.append(
            "No importance: it was switched off, there are more than 200 columns, or "
            "the rows had no score."
        )
    return section("Not in this run", *map(note, notes))
