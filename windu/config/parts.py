"""What may stand in the place of a part of the estimator."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from windu.components.registry import names_of
from windu.components.stored import StoredPart
from windu.components.thresholds import ThresholdSelector
from windu.components.thresholds.scorers import objective_for
from windu.config.classes import known_names
from windu.config.reading import Maker, Reader, form_of, near_class
from windu.config.yaml_text import Path, dotted, short
from windu.estimator.parts import PARTS, fresh_part
from windu.exceptions import ConfigError, did_you_mean
from windu.schema.tolerance import check_tolerance
from windu.schema.user.given import pandera_schema_of

__all__ = ["read_part"]


_STORED = ("from", "part", "metastore")
_EXAMPLES = {
    **{"featurizer": "auto", "transformer": "auto"},
    **{"label_encoder": "log1p", "model": "random_forest"},
}


def read_part(reader: Reader, name: str, data: Any, path: Path) -> Maker:
    """Check a part of the estimator, and return what makes it.

    Parameters
    ----------
    reader : Reader
        Of the document.
    name : str
        A parameter of `WinduEstimator` that is a part.
    data : object
        As read.
    path : tuple
        Where it stands.

    Returns
    -------
    callable
        Without arguments.

    Raises
    ------
    ConfigError
        With the place and the near miss.
    """
    if name == "schema":
        return _schema(reader, data, path)
    if name == "threshold" and not (isinstance(data, dict) and "from" in data):
        return _threshold(reader, data, path)
    if data is None:
        return lambda: None
    if isinstance(data, dict) and "from" in data:
        return _stored(reader, name, data, path)
    if isinstance(data, str) and data in (options := names_of(name)):
        return lambda: data
    if isinstance(data, str):
        hint = did_you_mean(data, options)
        hint = near_class(data) if data in known_names() else hint
        raise _no_part(reader, name, data, path, hint)
    if not reader.makes_object(data):
        hint = near_class(data) if isinstance(data, dict) else ""
        raise _no_part(reader, name, data, path, hint)
    return _checked(reader, name, reader.value(data, path), path)


def _stored(reader: Reader, name: str, data: dict[Any, Any], path: Path) -> Maker:
    """Read what stands for a part of a stored run; nothing is looked up."""
    for key, value in data.items():
        if key not in _STORED:
            raise reader.document.error(
                (*path, key),
                f"{dotted(path)} has no key {key!r}. It has {list(_STORED)}."
                + did_you_mean(key, _STORED),
                at_key=True,
            )
        if not isinstance(value, str):
            raise reader.document.error(
                (*path, key), f"{dotted((*path, key))} must be a text. Got {value!r}."
            )
    part = data.get("part", name)
    if part not in PARTS:
        raise reader.document.error(
            (*path, "part"),
            f"{dotted((*path, 'part'))} must be one of {list(PARTS)}. Got {part!r}."
            + did_you_mean(part, PARTS),
        )
    changes = {key: value for key, value in data.items() if key != "from"}
    return lambda: StoredPart(data["from"], **changes)


def _checked(reader: Reader, name: str, maker: Maker, path: Path) -> Maker:
    """Make a part, and raise if it cannot be one."""

    def checked_part() -> Any:
        part = maker()
        with reader.at(path):
            fresh_part(name, part, classifier=reader.classifier)
        return part

    return checked_part


def _no_part(
    reader: Reader, name: str, data: Any, path: Path, hint: str
) -> ConfigError:
    return reader.document.error(
        path,
        f"{dotted(path)} must be null, a name such as {_EXAMPLES[name]!r}, a class "
        "with its parameters, {Class: {parameter: value}}, {use: "
        f"'package.module:name'}}, or {{from: a stored run}}. Got {short(data)}.{hint}",
    )


def _threshold(reader: Reader, data: Any, path: Path) -> Maker:
    """Read null, numbers, a score, the parameters of a selector, or an object."""
    if isinstance(data, str):
        if data != "auto":
            _check_score(reader, data, path)
    elif isinstance(data, bool):
        raise reader.document.error(
            path,
            f"{dotted(path)} must be null, a number, a list of numbers, the name of a "
            f"score, or a mapping such as {{scoring: f1}}. Got {data!r}.",
        )
    elif isinstance(data, dict) and not (reader.makes_object(data) or form_of(data)):
        scoring = data.get("scoring")
        if isinstance(scoring, str):
            _check_score(reader, scoring, (*path, "scoring"))
        return reader.object(ThresholdSelector, None, data, path)
    return _checked(reader, "threshold", reader.value(data, path), path)


def _check_score(reader: Reader, name: str, path: Path) -> None:
    with reader.at(path):
        objective_for(name, "multilabel", np.arange(2), 1)


def _schema(reader: Reader, data: Any, path: Path) -> Maker:
    """Read "infer", null, tolerances, or a schema of the user's own."""
    if data is None or data == "infer":
        return lambda: data
    if not isinstance(data, dict):
        raise reader.document.error(
            path,
            f"{dotted(path)} must be 'infer', null, or a mapping of differences to "
            f"actions, such as {{extra: warn}}. Got {short(data)}."
            + did_you_mean(data, ["infer"]),
        )
    if "use" in data:
        maker = reader.reference(data, path, call=False)
        return lambda: _own_schema(reader, maker(), path)
    if set(data) == {"pandera"}:
        return _pandera(reader, data["pandera"], (*path, "pandera"))
    for key, action in data.items():
        with reader.at((*path, key)):
            check_tolerance({key: action})
    return lambda: dict(data)


def _own_schema(reader: Reader, schema: Any, path: Path) -> Any:
    with reader.at(path):
        pandera_schema_of(schema)
    return schema


def _pandera(reader: Reader, data: Any, path: Path) -> Maker:
    # Only users of pandera wait for its import.
    from windu.schema.user.stored import from_json

    with reader.at(path):
        schema = from_json(json.dumps(data))
    return lambda: schema
