"""Settings and search spaces of pipelines as text, and back; reading runs nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path as FilePath
from typing import Any

from windu.config.classes import first_difference
from windu.config.estimators import (
    estimator_section,
    make_estimator,
    modules_in,
    read_part,
    text_of,
)
from windu.config.reading import Reader
from windu.config.references import check_allow
from windu.config.sections import PipelineConfig, PredictionConfig, read_section
from windu.config.writing import write_part
from windu.config.yaml_text import Document, Path, dotted, emit, read_yaml
from windu.exceptions import ConfigError
from windu.steps import PARTS

__all__ = [
    "read_pipeline",
    "read_prediction",
    "read_space",
    "write_pipeline",
    "write_prediction",
    "write_space",
]


def read_space(reader: Reader, space: Any, path: Path) -> Any:
    """Return a space whose lists of parts hold what their texts stand for.

    Parameters
    ----------
    reader : Reader
        Of the document.
    space : "auto", dict or list of dict
        As read.
    path : tuple
        Where it stands.

    Returns
    -------
    "auto", dict or list of dict
        As `OptunaSearchCV` takes it.

    Raises
    ------
    ConfigError
        For a part that is none, with its place.
    """
    if isinstance(space, list):
        return [read_space(reader, block, (*path, i)) for i, block in enumerate(space)]
    if not isinstance(space, dict):
        return space
    return {
        name: [
            read_part(reader, name, block, (*path, name, i))()
            for i, block in enumerate(values)
        ]
        if name in PARTS and isinstance(values, list)
        else values
        for name, values in space.items()
    }


def write_space(space: Any, path: Path) -> Any:
    """Return a space as plain data, of which `read_space` makes it again.

    Parameters
    ----------
    space : "auto", dict or list of dict
        As `OptunaSearchCV` takes it.
    path : tuple
        Where it stands.

    Returns
    -------
    str, dict or list
        Plain data.

    Raises
    ------
    ConfigError
        For what has no form in YAML, such as a distribution of scipy.
    """
    if isinstance(space, (list, tuple)):
        return [write_space(block, (*path, i)) for i, block in enumerate(space)]
    if not isinstance(space, dict):
        return write_part("space", space, path)
    return {
        name: [
            write_part(name, block, (*path, name, i)) for i, block in enumerate(values)
        ]
        if name in PARTS and isinstance(values, (list, tuple))
        else write_part("space", values, (*path, name))
        for name, values in space.items()
    }


#: In the order of a file.
_SECTIONS = (
    *("data", "preprocess", "split", "estimator", "search", "evaluate"),
    *("metastore", "name"),
)


def read_pipeline(
    text_or_path: str | os.PathLike[str],
    *,
    allow: Iterable[str] = (),
    changes: Mapping[str, str] | None = None,
    checks: Mapping[str, Callable[[Any], Any]] | None = None,
) -> dict[str, Any]:
    """Return the settings that a YAML text or file describes.

    Parameters
    ----------
    text_or_path : str or pathlib.Path
        A `str` that ends in ``.yaml`` or ``.yml`` and holds no line break is a file, as
        a `pathlib.Path` is; any other `str` is the text itself.
    allow : iterable of str, default=()
        Packages and modules whose functions and classes ``use`` may name.
    changes : mapping of str to str, default=None
        Values as YAML, by dotted keys: ``{"estimator.model": "random_forest"}``.
    checks : mapping of str to callable, default=None
        By the name of a section, what raises a `WinduError` for a value that the
        pipeline would refuse; it gets the place.

    Returns
    -------
    dict of str to object
        ``estimator``, not fitted, and what else `TrainingPipeline` takes.

    Raises
    ------
    ConfigError
        For everything that is not as it must be, with file, line and column.

    Examples
    --------
    >>> from windu.config.pipelines import read_pipeline
    >>> text = "data: {path: credit.csv, target: status}"
    >>> read_pipeline(text, changes={"estimator.model": "SVC"})["estimator"].model
    'SVC'
    """
    allowed = check_allow(allow)
    document = _document(text_or_path)
    for key, value in (changes or {}).items():
        _change(document, key, value)
    settings = _settings(document, allowed)
    reader = Reader(document, allowed, None)
    for name in (checks or {}).keys() & document.data.keys():
        _check(reader, name, document.data[name], (checks or {})[name])
    return settings


def _check(reader: Reader, name: str, data: Any, check: Callable[[Any], Any]) -> None:
    """Check each item of a list by itself, so that its place is known."""
    items = enumerate(data) if isinstance(data, list) else [(None, data)]
    for at, item in items:
        with reader.at((name,) if at is None else (name, at)):
            check(item)


def _document(text_or_path: str | os.PathLike[str]) -> Document:
    """Read a file, which a short text may name, or the text itself."""
    name = os.fspath(text_or_path)
    named = "\n" not in name and name.endswith((".yaml", ".yml"))
    if isinstance(text_or_path, str) and not named:
        return read_yaml(text_or_path)
    return read_yaml(text_of(FilePath(name)), name)


def read_prediction(text_or_path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the settings of a prediction pipeline.

    Parameters
    ----------
    text_or_path : str or pathlib.Path
        As in `read_pipeline`.

    Returns
    -------
    dict of str to object
        What `PredictionPipeline` takes.

    Raises
    ------
    ConfigError
        For everything that is not as it must be, with file, line and column.

    Examples
    --------
    >>> from windu.config.pipelines import read_prediction
    >>> read_prediction("{run: credit@3, keep: [customer_id]}")
    {'run': 'credit@3', 'keep': ['customer_id']}
    """
    document = _document(text_or_path)
    read_section(document, PredictionConfig)
    return dict(document.data)


def write_prediction(settings: Mapping[str, Any]) -> str:
    """Return the settings of a prediction pipeline as YAML."""
    return emit(
        {
            name: value
            for name, value in settings.items()
            if value not in (None, [], {}) and not (name == "probabilities" and value)
        }
    )


def _change(document: Document, key: str, text: str) -> None:
    """Put a value in the place of another, or where there was none."""
    value = read_yaml(text, f"--set {key}").data
    *above, last = key.split(".")
    parent = document.data
    for name in above:
        if not isinstance(parent, dict):
            break
        if parent.get(name) is None:
            parent[name] = {}
        parent = parent[name]
    if not isinstance(parent, dict) or not all(key.split(".")):
        raise ConfigError(
            "What is set must be a key of a mapping, such as estimator.model. Got "
            f"{key!r}, where {dotted(tuple(above))!r} is no mapping.",
            document.name,
        )
    parent[last] = value
    _place(document, tuple(key.split(".")), value)


def _place(document: Document, path: tuple[Any, ...], value: Any) -> None:
    """Say that a value stands where the nearest thing above it stands."""
    existing = path
    while existing not in document.values:
        existing = existing[:-1]
    document.values[path] = document.values[existing]
    pairs = value.items() if isinstance(value, dict) else ()
    for name, item in enumerate(value) if isinstance(value, list) else pairs:
        _place(document, (*path, name), item)


def _settings(document: Document, allow: frozenset[str]) -> dict[str, Any]:
    section = read_section(document, PipelineConfig)
    reader = Reader(document, allow, None)
    sections = document.data
    settings: dict[str, Any] = {
        name: sections[name]
        for name in ("split", "evaluate", "metastore", "name")
        if name in sections
    }
    data = sections["data"]
    if isinstance(data, dict):
        settings["target"] = data.get("target")
        data = {name: value for name, value in data.items() if name != "target"}
        if "use" in data:
            data = _function(reader, data, ("data",))
        elif list(data) == ["path"]:
            data = data["path"]
    settings["data"] = data
    if sections.get("preprocess") is not None:
        steps = sections["preprocess"]
        alone = not isinstance(steps, list)
        settings["preprocess"] = [
            step
            if isinstance(step, str)
            else _function(
                reader, step, ("preprocess",) if alone else ("preprocess", i)
            )
            for i, step in enumerate([steps] if alone else steps)
        ]
    settings["estimator"] = make_estimator(document, section.estimator, allow)
    if sections.get("search") is not None:
        settings["search"] = dict(sections["search"])
        if "space" in settings["search"]:
            path = ("search", "space")
            task = section.estimator.task
            parts = Reader(
                document, allow, None if task == "auto" else task != "regression"
            )
            settings["search"]["space"] = read_space(
                parts, settings["search"]["space"], path
            )
    return settings


def _function(reader: Reader, data: dict[str, Any], path: tuple[Any, ...]) -> Any:
    function = reader.reference(data, path, call=False)()
    if not callable(function):
        raise reader.document.error(path, f"{dotted(path)} must name a function.")
    return function


def write_pipeline(settings: Mapping[str, Any]) -> str:
    """Return the settings of a pipeline as YAML.

    Parameters
    ----------
    settings : mapping of str to object
        As `read_pipeline` returns them.

    Returns
    -------
    str
        What differs from the defaults.

    Raises
    ------
    ConfigError
        For a setting that has no form in YAML, with the way out.
    """
    data = _data(settings["data"])
    if settings.get("target") is not None:
        data["target"] = settings["target"]
    sections: dict[str, Any] = {"data": data}
    steps = [
        step
        if isinstance(step, str)
        else write_part("preprocess", step, ("preprocess",))
        for step in settings.get("preprocess") or ()
    ]
    if steps:
        sections["preprocess"] = steps[0] if len(steps) == 1 else steps
    for name in ("split", "evaluate", "metastore", "name"):
        if settings.get(name) is not None:
            sections[name] = write_part(name, _plain(settings[name]), (name,))
    if settings.get("search") is not None:
        sections["search"] = {
            name: write_space(value, ("search", "space"))
            if name == "space"
            else write_part(name, _plain(value), ("search", name))
            for name, value in settings["search"].items()
        }
    if parameters := estimator_section(settings["estimator"]):
        sections["estimator"] = parameters
    text = emit({name: sections[name] for name in _SECTIONS if name in sections})
    reread = read_pipeline(text, allow=modules_in(sections))
    difference = first_difference(settings["estimator"], reread["estimator"])
    if difference is not None:
        place = dotted(("estimator", *difference))
        raise ConfigError(f"{place} must come back from YAML as it was.", key=place)
    return text


def _data(data: Any) -> dict[str, Any]:
    if callable(data):
        return dict(write_part("data", data, ("data",)))
    if isinstance(data, (str, os.PathLike, list, tuple)):
        data = {"path": data}
    if isinstance(data, Mapping):
        return dict(write_part("data", _plain(data), ("data",)))
    raise ConfigError(
        "data: a table in memory has no form in YAML. Write it to a file, and pass its "
        "path.",
        key="data",
    )


def _plain(value: Any) -> Any:
    """Return a setting with paths as texts."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return value
