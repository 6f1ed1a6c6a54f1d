"""`to_yaml` and `from_yaml`: one estimator, not fitted, as text, part by part."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from windu.components.registry import StoredPart, names_of
from windu.components.thresholds import ThresholdSelector
from windu.components.thresholds.scorers import objective_for
from windu.config.classes import first_difference, known_names, parameters_of
from windu.config.reading import Maker, Reader, form_of, near_class
from windu.config.references import check_allow
from windu.config.sections import Config, EstimatorSection, read_section
from windu.config.writing import check_settings, write_part
from windu.config.yaml_text import (
    MAX_BYTES,
    Document,
    Path,
    dotted,
    emit,
    read_yaml,
    short,
)
from windu.estimator import WinduEstimator
from windu.estimator.parts import fresh_part
from windu.exceptions import ConfigError, did_you_mean
from windu.schema.columns import check_tolerance
from windu.schema.user.given import pandera_schema_of
from windu.steps import PARTS

__all__ = [
    "estimator_section",
    "from_yaml",
    "make_estimator",
    "modules_in",
    "read_part",
    "text_of",
    "to_yaml",
]

_STORED = ("from", "part", "metastore")
_EXAMPLES = {
    **{"featurizer": "auto", "transformer": "auto"},
    **{"label_encoder": "log1p", "model": "random_forest"},
}


def read_part(reader: Reader, name: str, data: Any, path: Path) -> Maker:
    """Check a part of the estimator, and return its constructor.

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
    """Read a reference to a part of a stored run; nothing is loaded."""
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
    # Imported only if pandera is used.
    from windu.schema.user.stored import from_json

    with reader.at(path):
        schema = from_json(json.dumps(data))
    return lambda: schema


_PARTS = ("featurizer", "transformer", "label_encoder", "model", "threshold", "schema")


def to_yaml(estimator: WinduEstimator) -> str:
    """Return the parameters of an estimator as YAML.

    What an estimator has learned is not in it; `save` stores that.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted or not.

    Returns
    -------
    str
        What differs from the defaults. `from_yaml` makes an estimator with equal
        parameters of it.

    Raises
    ------
    ConfigError
        For a parameter that has no form in YAML, with the way out.

    Examples
    --------
    >>> from sklearn.svm import SVC
    >>> from windu import WinduEstimator
    >>> from windu.config import to_yaml
    >>> print(to_yaml(WinduEstimator(SVC(C=10), threshold="f1", random_state=0)))
    estimator:
      model:
        SVC: {C: 10}
      threshold: f1
      random_state: 0
    <BLANKLINE>
    """
    if type(estimator) is not WinduEstimator:
        raise ConfigError(
            f"to_yaml takes a WinduEstimator. Got {type(estimator).__name__}. Pass "
            "WinduEstimator(model)."
        )
    section = estimator_section(estimator)
    text = emit({"estimator": section})
    _check_same(estimator, text, modules_in(section))
    return text


def estimator_section(estimator: WinduEstimator) -> dict[str, Any]:
    """Return the parameters that differ from the defaults as plain data."""
    check_settings(estimator, ("estimator",))
    defaults, values = parameters_of(WinduEstimator), vars(estimator)
    return {
        name: write_part(name, values[name], ("estimator", name))
        for name in (*_order(), "memory")
        if first_difference(values[name], defaults[name]) is not None
    }


def _order() -> list[str]:
    fields = EstimatorSection.model_fields.items()
    return [field.alias or name for name, field in fields]


def modules_in(data: Any) -> frozenset[str]:
    """Return the modules whose code plain data refers to."""
    return frozenset(_modules(data))


def _modules(data: Any) -> Iterator[str]:
    """Yield the modules whose code was written as references."""
    items = data.values() if isinstance(data, dict) else data
    for item in items:
        if isinstance(item, (dict, list)):
            yield from _modules(item)
    if isinstance(data, dict) and isinstance(data.get("use"), str):
        yield data["use"].partition(":")[0]


def _check_same(estimator: WinduEstimator, text: str, allow: frozenset[str]) -> None:
    """Read the written text again, as a check."""
    try:
        reread = _estimator(read_yaml(text), allow)
    except ConfigError as error:
        reason = str(error).partition(": ")[2]
        about = f"{error.key}: " if error.key else ""
        raise ConfigError(f"{about}{reason}", key=error.key) from error
    difference = first_difference(estimator, reread)
    if difference is not None:
        place = dotted(("estimator", *difference))
        raise ConfigError(
            f"{place} must come back from YAML as it was, and does not. Use plain "
            "numbers, texts and lists; or set it in code, on what is read.",
            key=place,
        )


def from_yaml(
    text_or_path: str | os.PathLike[str], *, allow: Iterable[str] = ()
) -> WinduEstimator:
    """Return the estimator that a YAML text or file describes.

    Parameters
    ----------
    text_or_path : str or pathlib.Path
        A `str` is always the text itself; a file is given as `pathlib.Path`.
    allow : iterable of str, default=()
        Top-level packages, and modules by their full name, whose functions and
        classes ``use`` may name. They are imported, and so run. Nothing else is.

    Returns
    -------
    WinduEstimator
        Not fitted.

    Raises
    ------
    ConfigError
        For everything that is not as it must be, with file, line and column.

    Examples
    --------
    >>> from windu.config import from_yaml
    >>> est = from_yaml('''
    ... estimator:
    ...   task: binary
    ...   model: {hist_gradient_boosting: {learning_rate: 0.05}}
    ... ''')
    >>> est.model
    HistGradientBoostingClassifier(learning_rate=0.05)
    """
    allowed = check_allow(allow)
    if isinstance(text_or_path, str):
        return _estimator(read_yaml(text_or_path), allowed)
    path = FilePath(text_or_path)
    return _estimator(read_yaml(text_of(path), str(path)), allowed)


def text_of(path: FilePath) -> str:
    """Return the text of a configuration file."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(
            f"The file must be readable. Got: {reason}.", str(path)
        ) from error
    if len(content) > MAX_BYTES:
        raise ConfigError(
            f"A configuration must have at most {MAX_BYTES} bytes. Keep data in files "
            "of its own.",
            str(path),
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        raise ConfigError(
            "A configuration must be UTF-8 text. Save it in this encoding.",
            *(str(path), line, column),
        ) from error


def _estimator(document: Document, allow: frozenset[str]) -> WinduEstimator:
    """Check a whole document, then build its objects."""
    return make_estimator(document, read_section(document, Config).estimator, allow)


def make_estimator(
    document: Document, section: EstimatorSection, allow: frozenset[str]
) -> WinduEstimator:
    """Make the estimator that a document, whose keys were checked, describes."""
    classifier = None if section.task == "auto" else section.task != "regression"
    reader = Reader(document, allow, classifier)
    parameters = document.data.get("estimator", {})
    makers = {
        name: read_part(reader, name, parameters[name], ("estimator", name))
        for name in _PARTS
        if name in parameters
    }
    plain = {name: value for name, value in parameters.items() if name not in _PARTS}
    return WinduEstimator(**plain, **{name: maker() for name, maker in makers.items()})
