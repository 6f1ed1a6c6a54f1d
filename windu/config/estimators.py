"""`to_yaml` and `from_yaml`: one estimator, not fitted, as text."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path as FilePath
from typing import Any

from windu.config.classes import parameters_of
from windu.config.emitting import emit
from windu.config.equality import first_difference
from windu.config.parts import read_part
from windu.config.reading import Reader
from windu.config.references import check_allow
from windu.config.sections import Config, EstimatorSection, read_section
from windu.config.writing import check_settings, write_part
from windu.config.yaml_text import MAX_BYTES, Document, dotted, read_yaml
from windu.estimator import WinduEstimator
from windu.exceptions import ConfigError

__all__ = [
    "estimator_section",
    "from_yaml",
    "make_estimator",
    "modules_in",
    "text_of",
    "to_yaml",
]

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
    """Read what was written, so that it cannot be found wrong later."""
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
    """Check a whole document, then make what it describes."""
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
