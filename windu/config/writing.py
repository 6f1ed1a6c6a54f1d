"""Objects to plain data: only what differs from the defaults, in a stable order."""

from __future__ import annotations

import inspect
import json
from typing import Any

import numpy as np
import pandas as pd

from windu.components.registry import LABEL_ENCODERS, MODELS, StoredPart, registered_as
from windu.components.thresholds import ThresholdSelector
from windu.config.classes import (
    REQUIRED,
    class_name,
    first_difference,
    is_pandera,
    known_names,
    named_items,
    parameters_of,
    refusal,
    takes_estimator,
    values_of,
)
from windu.config.reading import form_of
from windu.config.references import target_of
from windu.config.yaml_text import MAX_DEPTH, Path, dotted, short
from windu.exceptions import ConfigError, PersistenceError

_MAX_ITEMS = 20_000

__all__ = ["check_settings", "write_parameters", "write_part"]

#: State that scikit-learn's clone keeps besides parameters.
_SETTINGS = {
    "_sklearn_output_config": "set_output",
    "_metadata_request": "set_..._request",
}


def write_part(name: str, value: Any, path: Path) -> Any:
    """Return a parameter of `WinduEstimator` as plain data.

    Parameters
    ----------
    name : str
        The parameter.
    value : object
        What it is.
    path : tuple
        Where it will stand.

    Returns
    -------
    object
        For YAML.

    Raises
    ------
    ConfigError
        For what has no form, with the way out.
    """
    if reason := refusal(object, name, value):
        raise ConfigError(f"{dotted(path)}: {reason}", key=dotted(path))
    if isinstance(value, StoredPart):
        more = {"part": value.part, "metastore": value.metastore}
        return {"from": value.run} | {k: v for k, v in more.items() if v is not None}
    if name == "schema" and is_pandera(value):
        return _pandera(value, path)
    if name == "threshold" and type(value) is ThresholdSelector:
        return write_parameters(value, path)
    return _write(value, path)


def write_parameters(part: Any, path: Path) -> dict[str, Any]:
    """Return the parameters of an object that differ from their defaults.

    Parameters
    ----------
    part : estimator
        Fitted or not.
    path : tuple
        Where it will stand.

    Returns
    -------
    dict of str to object
        In the order of the class.

    Raises
    ------
    ConfigError
        For what has no form, with the way out.
    """
    cls: Any = type(part)
    check_settings(part, path)
    defaults = parameters_of(cls)
    values = values_of(part)
    if unknown := [name for name in values if name not in defaults]:
        raise ConfigError(
            f"{dotted(path)} must have parameters that {cls.__name__} lists. Got "
            f"{unknown[0]!r}. Set it in code, on what is read.",
            key=dotted((*path, unknown[0])),
        )
    return {
        name: _parameter(cls, name, values[name], (*path, name), default)
        for name, default in defaults.items()
        if name in values and first_difference(values[name], default) is not None
    }


def check_settings(part: Any, path: Path) -> None:
    """Raise for state that clone keeps and parameters do not show."""
    for attribute, method in _SETTINGS.items():
        if vars(part).get(attribute):
            way_out = f"Its {method} was called; do that in code, on what is read."
            raise _no_form(part, path, way_out)


def _parameter(cls: type, name: str, value: Any, path: Path, default: Any) -> Any:
    if reason := refusal(cls, name, value):
        raise ConfigError(f"{dotted(path)}: {reason}", key=dotted(path))
    if named_items(cls, name):
        return _named_items(name, value, path)
    if takes_estimator(cls, name):
        return _estimator(value, path)
    return _write(value, path, default=None if default is REQUIRED else default)


def _estimator(value: Any, path: Path) -> Any:
    """Return an estimator where a name is enough for one with its defaults."""
    written = _write(value, path)
    if isinstance(written, dict) and len(written) == 1:
        ((name, parameters),) = written.items()
        return name if parameters == {} else written
    return written


def _named_items(name: str, value: Any, path: Path) -> dict[str, Any]:
    width = 3 if name == "transformers" else 2
    items = value if type(value) is list else None
    names = [i[0] for i in items or () if type(i) is tuple and len(i) == width]
    strings = all(type(n) is str for n in names) and len({*names}) == len(names)
    if items is None or len(names) < len(items) or not strings:
        raise _no_form(value, path, "Use a list of tuples with a different name each.")
    if width == 2:
        return {key: _estimator(item, (*path, key)) for key, item in items}
    return {
        key: {
            "transformer": _estimator(item, (*path, key, "transformer")),
            "columns": _write(columns, (*path, key, "columns")),
        }
        for key, item, columns in items
    }


def _write(value: Any, path: Path, default: Any = None) -> Any:
    """Return any value as plain data."""
    if len(path) > MAX_DEPTH:
        raise _no_form(value, path, f"Nest at most {MAX_DEPTH} deep.")
    if value is None or type(value) in (bool, float, str):
        return value
    if type(value) is int:
        if abs(value) < 10**300:
            return value
    elif type(value) in (list, tuple, set):
        return _collection(value, path, default)
    elif type(value) is dict:
        return _mapping(value, path)
    elif isinstance(value, (np.ndarray, np.generic)):
        plain = value.dtype.kind in "biufU" and value.dtype != np.longdouble
        if plain and 0 < value.size <= _MAX_ITEMS:
            # Where an array stands, scikit-learn takes a list as well.
            return _write(value.tolist(), path, default)
    elif value is pd.NA or isinstance(value, (type, np.ufunc)) or _is_function(value):
        return _reference(value, path)
    elif (name := class_name(type(value))) is not None:
        return {name: write_parameters(value, (*path, name))}
    elif hasattr(value, "get_params"):
        return _users_object(value, path)
    raise _no_form(value, path, _way_out(value))


def _collection(value: Any, path: Path, default: Any) -> Any:
    if isinstance(value, set):
        # The order of a set differs from run to run.
        value, kind = sorted(value, key=repr), "set"
    else:
        kind = type(value).__name__
    items = [_write(item, (*path, i)) for i, item in enumerate(value)]
    alone = "tuple" if isinstance(default, tuple) else "list"
    return items if kind == alone else {kind: items}


def _mapping(value: dict[Any, Any], path: Path) -> dict[Any, Any]:
    for key in value:
        if type(key) not in (bool, int, float, str, type(None)):
            raise _no_form(
                key, (*path, key), "Use plain numbers and texts as keys of a dict."
            )
        if key == "trusted":
            raise _no_form(key, (*path, key), "Give the key another name.")
    data = {key: _write(item, (*path, key)) for key, item in value.items()}
    names = {"use", *known_names(), *MODELS, *LABEL_ENCODERS}
    looks_special = (
        "use" in data or form_of(data) or (len(data) == 1 and names & {*data})
    )
    return {"dict": data} if looks_special else data


def _users_object(value: Any, path: Path) -> dict[str, Any]:
    target = _target(type(value), path)
    parameters = write_parameters(value, path)
    if "use" in parameters:
        raise _no_form(value, path, "Give its parameter 'use' another name.")
    return {"use": target, **parameters}


def _reference(value: Any, path: Path) -> dict[str, Any]:
    if (registered := registered_as(value)) is not None:
        name, version = registered
        return {"use": f"{value.__module__}:{name}", "version": version}
    return {"use": _target(value, path)}


def _target(value: Any, path: Path) -> str:
    try:
        return target_of(value)
    except ConfigError as error:
        raise ConfigError(f"{dotted(path)}: {error}", key=dotted(path)) from None


def _is_function(value: Any) -> bool:
    # Some functions of numpy are no routines to `inspect`.
    return inspect.isroutine(value) or type(value) is type(np.mean)


def _pandera(schema: Any, path: Path) -> Any:
    # Imported only if pandera is used.
    from windu.schema.user.stored import reference_of, to_json

    try:
        return {"pandera": json.loads(to_json(schema))}
    except PersistenceError as error:
        if reference := reference_of(schema):
            return {"use": ":".join(reference.rsplit(".", 1))}
        raise ConfigError(f"{dotted(path)}: {error}", key=dotted(path)) from error


def _no_form(value: Any, path: Path, way_out: str) -> ConfigError:
    return ConfigError(
        f"{dotted(path)} must have a form in YAML. Got {short(value)} of type "
        f"{type(value).__name__}. {way_out}",
        key=dotted(path),
    )


def _way_out(value: Any) -> str:
    if isinstance(value, (np.random.RandomState, np.random.Generator)):
        return "Give a whole number."
    if callable(value):
        return "Use a function in a module, or a class with get_params."
    if isinstance(value, (np.dtype, slice)):
        return "Use the name of a dtype, or a list of columns."
    return "Use plain numbers, texts and lists; or set it in code, on what is read."
