"""References ``package.module:name``: checked first, then imported."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Collection, Iterable
from functools import cache
from importlib import import_module
from typing import Any

from windu.components.registry import version_of
from windu.config.classes import is_pandera
from windu.exceptions import ConfigError, did_you_mean

__all__ = ["check_allow", "check_target", "find_target", "target_of"]

_NAME = r"[^\W\d]\w*"
_MODULE = re.compile(rf"{_NAME}(\.{_NAME})*")
_TARGET = re.compile(rf"({_NAME}(?:\.{_NAME})*):({_NAME})")

#: What needs no permission: dtypes, missing values, and functions of arrays that give
#: arrays or an error whatever they are called with.
_VETTED = {
    "builtins": ("bool", "float", "int", "object", "str"),
    "numpy": (
        *("abs", "cbrt", "exp", "exp2", "expm1", "log", "log10", "log1p", "log2"),
        *("sign", "sqrt", "square", "tanh", "max", "mean", "median", "min", "sum"),
        *("bool_", "datetime64", "float16", "float32", "float64", "int8", "int16"),
        *("int32", "int64", "integer", "number", "object_", "str_", "uint8", "uint16"),
        *("uint32", "uint64"),
    ),
    "pandas": ("NA",),
    "sklearn.feature_selection": (
        *("chi2", "f_classif", "f_regression", "mutual_info_classif"),
        *("mutual_info_regression", "r_regression"),
    ),
    "sklearn.metrics": (
        *("accuracy_score", "balanced_accuracy_score", "cohen_kappa_score"),
        *("f1_score", "fbeta_score", "hamming_loss", "jaccard_score"),
        *("matthews_corrcoef", "precision_score", "recall_score", "zero_one_loss"),
    ),
}


def check_allow(allow: Iterable[str]) -> frozenset[str]:
    """Return what a caller allows, if each is the name of a package or module.

    Parameters
    ----------
    allow : iterable of str
        Top-level packages, and modules by their full name.

    Returns
    -------
    frozenset of str
        The same.

    Raises
    ------
    ConfigError
        For anything else, a single text as well.
    """
    modules = [allow] if isinstance(allow, str) else list(allow)
    wrong = [n for n in modules if not isinstance(n, str) or not _MODULE.fullmatch(n)]
    if isinstance(allow, str) or wrong:
        raise ConfigError(
            "allow must be a list of names of packages and modules, such as "
            f"['mypackage', 'other.features']. Got {allow!r}."
        )
    return frozenset(modules)


def _may(module: str, allow: Collection[str]) -> bool:
    """Tell whether a module is allowed: by its package, or by its own full name."""
    return module in allow or module.partition(".")[0] in allow


def check_target(target: Any, allow: Collection[str]) -> None:
    """Raise unless a target may be imported; import nothing.

    Parameters
    ----------
    target : object
        ``"package.module:name"``.
    allow : collection of str
        From `check_allow`.

    Raises
    ------
    ConfigError
        With what to pass as ``allow``.
    """
    match = _TARGET.fullmatch(target) if isinstance(target, str) else None
    if match is None:
        raise ConfigError(
            "'use' must be 'package.module:name', with one name after the colon. Got "
            f"{target!r}.{_with_colon(target)}"
        )
    module, name = match.groups()
    if name in _VETTED.get(module, ()) or _may(module, allow):
        return
    if module in _VETTED and module.partition(".")[0] in (
        "builtins",
        "numpy",
        "sklearn",
    ):
        raise ConfigError(
            f"Of {module}, 'use' takes {sorted(_VETTED[module])}. Got {name!r}."
            + did_you_mean(name, _VETTED[module])
        )
    package = module.partition(".")[0]
    raise ConfigError(
        f"{target!r} is code of a module that is not allowed, and was not imported. If "
        f"you trust it, pass allow=[{package!r}]."
    )


def _with_colon(target: Any) -> str:
    if not isinstance(target, str) or not _MODULE.fullmatch(target):
        return ""
    module, _, name = target.rpartition(".")
    return did_you_mean(target, [f"{module}:{name}"]) if module else ""


def find_target(target: str, allow: Collection[str]) -> Any:
    """Import what a target names.

    Parameters
    ----------
    target : str
        One that `check_target` let pass.
    allow : collection of str
        From `check_allow`.

    Returns
    -------
    function, class or object
        An object only of those that need no permission.

    Raises
    ------
    ConfigError
        If it is not there, or is neither function nor class of an allowed module.
    """
    module, _, name = target.partition(":")
    home = _imported(module)
    if not hasattr(home, name):
        raise ConfigError(
            f"The module {module!r} has no {name!r}." + did_you_mean(name, dir(home))
        )
    resolved = getattr(home, name)
    if name in _VETTED.get(module, ()) or is_pandera(resolved):
        return resolved
    if not (inspect.isroutine(resolved) or inspect.isclass(resolved)):
        raise ConfigError(
            f"{target!r} must be a function or a class. Got an object of type "
            f"{type(resolved).__name__}."
        )
    # Names that a module imports are not its own.
    origin = getattr(resolved, "__module__", None)
    if not isinstance(origin, str) or not _may(origin, allow):
        raise ConfigError(
            f"{target!r} must be defined in an allowed module. It comes from "
            f"{origin!r}; allow that too if you trust it."
        )
    return resolved


def find_version(target: str, version: int, allow: Collection[str]) -> Any:
    """Import the module of a target, and return the version that it registers.

    Parameters
    ----------
    target : str
        One that `check_target` let pass.
    version : int
        The number.
    allow : collection of str
        From `check_allow`.

    Returns
    -------
    function or class
        As registered by the module.

    Raises
    ------
    ConfigError
        If nothing is registered under name and version.
    """
    module, _, name = target.partition(":")
    if inspect.isclass(getattr(_imported(module), name, None)):
        # A class may have a parameter of this name.
        resolved = find_target(target, allow)
        if "version" in inspect.signature(resolved).parameters:
            return resolved(version=version)
    return version_of(module, name, version)


def _imported(module: str) -> Any:
    try:
        return import_module(module)
    except Exception as error:
        # Importing a module may raise any exception.
        raise ConfigError(
            f"The module {module!r} must be importable. Got {type(error).__name__}: "
            f"{error}."
        ) from error


@cache
def _vetted_targets() -> dict[int, tuple[str, Any]]:
    pairs = [(module, name) for module, names in _VETTED.items() for name in names]
    resolved = {
        f"{module}:{name}": getattr(import_module(module), name)
        for module, name in pairs
    }
    return {id(value): (target, value) for target, value in resolved.items()}


def target_of(value: Any) -> str:
    """Return the target that gives a function or class.

    Parameters
    ----------
    value : function, class or object
        The latter one of those that need no permission.

    Returns
    -------
    str
        ``"package.module:name"``.

    Raises
    ------
    ConfigError
        If none does.
    """
    if id(value) in _vetted_targets():
        return _vetted_targets()[id(value)][0]
    module = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", "")
    if module == "__main__" or "<" in name:
        kind = "defined in __main__" if module == "__main__" else "a local function"
        raise ConfigError(
            f"A function or class must be importable from a module. Got {name!r}, "
            f"{kind}. Move it to a module (a file features.py) and import it."
        )
    if getattr(sys.modules.get(str(module)), name, None) is not value:
        raise ConfigError(
            f"A function or class must be found by its name in its module. Got "
            f"{value!r}."
        )
    return f"{module}:{name}"
