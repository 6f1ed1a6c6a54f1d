"""A model card: what a run holds, as a page to read."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from windu.exceptions import WinduError
from windu.persistence.format.artifacts import read_json, read_schema
from windu.persistence.format.runs import Run, open_path
from windu.persistence.format.signature import key_of
from windu.persistence.trust.inspection import (
    Inspection,
    inspect_run,
    load_part_of,
    short_metrics,
)

if TYPE_CHECKING:
    from skops.card import Card

__all__ = ["card_of", "loading_lines", "model_card"]

#: What predicts: a model, or a whole chain in one object.
_PREDICTING = ("model", "object")
_N_LEVELS = 5


def model_card(path: str | Path, *, key: bytes | str | Path | None = None) -> Card:
    """Return the model card of what `save` wrote.

    Parameters
    ----------
    path : str or pathlib.Path
        The file or folder.
    key : bytes, str or pathlib.Path, default=None
        The manifest must be signed with it; as in `save`.

    Returns
    -------
    skops.card.Card
        Add sections of your own (intended use, limits, authors) with its ``add``, then
        ``save`` it.

    Raises
    ------
    PersistenceError
        If the run is missing, damaged, or none of windu's.

    Examples
    --------
    >>> import tempfile, pathlib, windu
    >>> est = windu.WinduEstimator("linear").fit([[0.0], [1.0], [2.0]], [0, 0, 1])
    >>> path = windu.save(est, pathlib.Path(tempfile.mkdtemp()) / "steps.windu")
    >>> print(windu.model_card(path).select("Input").content)
    The columns that it takes, ...
    """
    return card_of(open_path(path, key=key_of(key)), str(path))


def card_of(run: Run, name: str, place: str | None = None) -> Card:
    """Return the model card of a run.

    Parameters
    ----------
    run : Run
        As opened.
    name : str
        What the card calls it, and how it is loaded.
    place : str, default=None
        The metastore that it is loaded from.

    Returns
    -------
    skops.card.Card
        As from `model_card`.
    """
    from skops.card import Card

    seen = inspect_run(run)
    card = Card(None, model_diagram=False, template=None)
    card.add(**{"Model card": f"Written by windu from {_text(name)}."})
    card.add_table(folded=False, **{"Overview": _pairs(_overview(run, seen))})
    if "schema.json" in run.manifest.artifacts:
        _add_input(card, run)
    if seen.metrics:
        table = _pairs({n: json.dumps(v) for n, v in short_metrics(seen).items()})
        card.add_table(folded=False, **{"Metrics": table})
    if "threshold.skops" in run.manifest.artifacts:
        _add_threshold(card, run)
    if "config.yaml" in run.manifest.artifacts:
        config = run.read("config.yaml").decode()
        card.add(**{"Configuration": f"```yaml\n{config.replace('```', '')}\n```"})
    card.add_table(folded=False, **{"Versions": _pairs(run.manifest.versions)})
    lines = "\n".join(loading_lines(run, name, place))
    card.add(**{"How to load": f"```python\n{lines}\n```\n"})
    return card


def _overview(run: Run, seen: Inspection) -> dict[str, Any]:
    types = seen.artifacts.set_index("artifact")["types"]
    task = read_json(run, "stats.json").get("task")
    rows = {
        "task": task,
        "model": ", ".join(
            class_name
            for class_name in types.get("model.skops", [])
            if "numpy" not in class_name
        ),
        "run": run.manifest.id,
        "saved": run.manifest.created,
        "bytes": sum(entry.bytes for entry in run.manifest.artifacts.values()),
    }
    lineage = {
        class_name: value for class_name, value in run.manifest.lineage.items() if value
    }
    return rows | lineage


def _add_input(card: Card, run: Run) -> None:
    columns = read_schema(run, "schema.json").columns
    rows = [
        {
            "column": column.name,
            "kind": column.kind,
            "dtype": column.dtype,
            "missing": f"{column.null_share:.1%}",
            "values": _values(column),
        }
        for column in columns
    ]
    table = {name: [_text(row[name]) for row in rows] for name in rows[0]}
    text = (
        "The columns that it takes, and what they held in training. Other values are "
        "accepted, and listed by `validate`."
    )
    card.add_table(description=text, folded=False, **{"Input": table})


def _values(column: Any) -> str:
    if column.levels is not None:
        more = ", ..." if len(column.levels) > _N_LEVELS else ""
        return ", ".join(map(str, column.levels[:_N_LEVELS])) + more
    if column.minimum is not None:
        return f"{column.minimum} to {column.maximum}"
    return str(column.why)


def _add_threshold(card: Card, run: Run) -> None:
    threshold = load_part_of(run, "threshold")
    cuts = threshold.thresholds_.ravel().tolist()
    # A single cut is that of the second class.
    classes = threshold.classes_.tolist()[-len(cuts) :]
    rows = {
        "score": threshold.score_name_,
        "score with it": f"{threshold.score_:.4g}",
        "score without it": f"{threshold.plain_score_:.4g}",
    } | {
        f"of {class_name}": f"{cut:.4g}"
        for class_name, cut in zip(classes, cuts, strict=False)
    }
    card.add_table(
        description=threshold.reason_, folded=False, **{"Threshold": _pairs(rows)}
    )


def loading_lines(run: Run, name: str, place: str | None) -> list[str]:
    """Return the lines of Python that load a run and use it.

    Parameters
    ----------
    run : Run
        As opened.
    name : str
        A path, or the reference of a stored run.
    place : str or None
        The metastore that the run is in, where `name` is a reference.
    """
    try:
        seen = inspect_run(run)
        to_trust = [*seen.functions, *seen.untrusted]
    except WinduError:
        to_trust = []
    trusted = f", trusted={to_trust!r}" if to_trust else ""
    source = "windu" if place is None else f"windu.Metastore({place!r})"
    uses = any(f"{part}.skops" in run.manifest.artifacts for part in _PREDICTING)
    return [
        "import windu",
        "",
        f"est = {source}.load({name!r}{trusted})",
        "X = est.example_  # or a table of your own",
        "est.validate(X).raise_for_errors()",
        "est.predict(X)" if uses else "est.transform(X)",
    ]


def _pairs(rows: Mapping[str, Any]) -> dict[str, list[str]]:
    return {"what": _texts(rows), "value": _texts(rows.values())}


def _texts(values: Iterable[Any]) -> list[str]:
    return [_text(value) for value in values]


def _text(value: Any) -> str:
    """Return a value as one line that no page takes for markup."""
    return re.sub(r"\s+", " ", html.escape(str(value), quote=False)).replace(
        "|", "&#124;"
    )
