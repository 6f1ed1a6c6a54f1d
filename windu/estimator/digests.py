"""Digests of unfitted parts: equal if class, parameters and source code are equal."""

from __future__ import annotations

import dis
import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, partial
from importlib.metadata import packages_distributions, version
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import pandas as pd
from joblib import hash as hash_of
from scipy import sparse
from sklearn.frozen import FrozenEstimator

from windu.schema.columns import TableSchema

__all__ = ["IDLE", "MODULES", "digest_of", "versions"]

#: What changes how fast something is made, or what is told of it, and not the result.
IDLE = frozenset({"n_jobs", "verbose", "callback_context"})
#: Results depend on these: the package, and its module, which knows its version.
MODULES = {
    "windu": "windu",
    "numpy": "numpy",
    "pandas": "pandas",
    "scikit-learn": "sklearn",
    "scipy": "scipy",
    "skops": "skops",
}
_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis))


class _Unknown(Exception):
    """A value has no digest."""


def versions(libraries: Iterable[str] = ()) -> dict[str, str]:
    """Return the versions that predictions depend on.

    Parameters
    ----------
    libraries : iterable of str, default=()
        Modules of other libraries that parts come from.

    Returns
    -------
    dict of str to str
        By package; without those that are not imported.

    Examples
    --------
    >>> from windu.estimator.digests import versions
    >>> sorted(versions())
    ['numpy', 'pandas', 'scikit-learn', 'scipy', 'skops', 'windu']
    """
    modules = MODULES | {name: name for name in libraries}
    return {
        package: str(sys.modules[module].__version__)
        for package, module in modules.items()
        if hasattr(sys.modules.get(module), "__version__")
    }


def digest_of(*values: Any) -> str | None:
    """Return a digest of values, the same in another process.

    Functions and classes of a user's own count by their code, with the functions and
    constants that they use; those of installed packages by name and version.

    Parameters
    ----------
    *values : object
        Parts that are not fitted, parameters, tables.

    Returns
    -------
    str or None
        SHA-256 in hexadecimal digits. None where a value cannot be compared, such as
        a generator of random numbers.

    Examples
    --------
    >>> from sklearn.svm import SVC
    >>> from windu.estimator.digests import digest_of
    >>> digest_of(SVC(C=2)) == digest_of(SVC(C=2)) != digest_of(SVC(C=3))
    True
    """
    digest = hashlib.sha256()
    try:
        for value in values:
            for piece in _pieces(value, ()):
                digest.update(len(piece).to_bytes(8, "little") + piece)
    except _Unknown:
        return None
    return digest.hexdigest()


def _pieces(value: Any, above: tuple[int, ...]) -> Iterator[bytes]:
    """Yield the bytes that identify a value."""
    if isinstance(value, _PLAIN) and type(value) in _PLAIN:
        yield f"{type(value).__name__}:{value!r}".encode()
        return
    if id(value) in above:
        yield f"again:{above[::-1].index(id(value))}".encode()
        return
    above = (*above, id(value))
    if isinstance(value, type):
        yield from _class(value, above)
    elif isinstance(value, (FunctionType, MethodType, partial, BuiltinFunctionType)):
        yield from _function(value, above)
    elif isinstance(value, (pd.DataFrame, pd.Series, pd.Index)):
        yield from _table(value, above)
    elif isinstance(value, (np.ndarray, np.generic, np.dtype)) or sparse.issparse(
        value
    ):
        yield from _array(value, above)
    elif isinstance(value, TableSchema):
        yield value.to_json().encode()
    else:
        yield from _object(value, above)


def _all(values: Any, above: tuple[int, ...]) -> Iterator[bytes]:
    for value in values:
        yield from _pieces(value, above)
    yield b"end"


def _object(value: Any, above: tuple[int, ...]) -> Iterator[bytes]:
    yield from _class(type(value), above)
    if isinstance(value, FrozenEstimator):
        yield from _fitted(value.estimator)
    if isinstance(value, Mapping):
        yield from _all((element for item in value.items() for element in item), above)
    elif isinstance(value, (set, frozenset)):
        yield from _all(sorted(map(repr, value)), above)
    elif isinstance(value, (list, tuple, range)):
        yield from _all(value, above)
    elif hasattr(value, "get_params"):
        params = value.get_params(deep=False)
        counted = {name: params[name] for name in sorted(params) if name not in IDLE}
        yield from _all(
            (element for item in counted.items() for element in item), above
        )
    elif is_dataclass(value):
        yield from _all(
            (getattr(value, field_info.name) for field_info in fields(value)), above
        )
    elif isinstance(value, slice):
        yield from _all([value.start, value.stop, value.step], above)
    elif isinstance(value, np.ufunc):
        yield f"{value.__name__}:{np.__version__}".encode()
    elif hasattr(value, "isoformat"):
        yield value.isoformat().encode()
    elif hasattr(value, "__wrapped__"):
        yield from _pieces(value.__wrapped__, above)
    elif value is not pd.NA and not isinstance(value, ModuleType):
        state = getattr(value, "__dict__", None)
        if state is None or vars(type(value)).get("__slots__"):
            # Its content cannot be inspected.
            raise _Unknown
        yield from _all((element for item in state.items() for element in item), above)


def _fitted(part: Any) -> Iterator[bytes]:
    """Yield the bytes that identify the fitted state of a part."""
    try:
        yield hash_of(part).encode()
    except Exception as error:
        # Pickling a user's object may raise any exception.
        raise _Unknown from error


def _table(value: Any, above: tuple[int, ...]) -> Iterator[bytes]:
    yield type(value).__name__.encode()
    if isinstance(value, pd.DataFrame):
        yield from _all([*value.columns, *map(str, value.dtypes)], above)
        yield from _table(value.index, above)
        columns = [value.iloc[:, i] for i in range(value.shape[1])]
    else:
        yield f"{value.dtype}:{value.name!r}".encode()
        columns = [value]
    for column in columns:
        if isinstance(column.dtype, pd.CategoricalDtype):
            yield from _all(column.dtype.categories, above)
        if column.dtype == object:
            # The hash below is equal for 1 and True.
            yield from _all(column, above)
        else:
            hashed = pd.util.hash_pandas_object(column, index=False)
            yield np.ascontiguousarray(hashed).tobytes()


def _array(value: Any, above: tuple[int, ...]) -> Iterator[bytes]:
    if isinstance(value, np.dtype):
        yield str(value).encode()
    elif sparse.issparse(value):
        yield f"sparse:{value.format}:{value.shape}".encode()
        coordinates = value.tocoo()
        yield from _all([*coordinates.coords, coordinates.data], above)
    elif value.dtype == object:
        yield str(value.shape).encode()
        yield from _all(value.ravel().tolist(), above)
    else:
        yield f"{type(value).__name__}:{value.dtype}:{value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()


def _class(cls: type, above: tuple[int, ...]) -> Iterator[bytes]:
    yield f"{cls.__module__}.{cls.__qualname__}".encode()
    if version := _version(cls.__module__):
        yield version.encode()
        return
    yield from _all(cls.__bases__, (*above, id(cls)))
    for name, attribute in sorted(vars(cls).items()):
        if name not in ("__dict__", "__weakref__", "__doc__", "__module__"):
            yield name.encode()
            attribute = getattr(
                attribute, "__func__", getattr(attribute, "fget", attribute)
            )
            if isinstance(attribute, (FunctionType, *_PLAIN)):
                yield from _pieces(attribute, (*above, id(cls)))


def _function(value: Any, above: tuple[int, ...]) -> Iterator[bytes]:
    if isinstance(value, partial):
        yield from _all([value.func, value.args, value.keywords], above)
        return
    if isinstance(value, MethodType):
        yield from _all([value.__func__, value.__self__], above)
        return
    yield f"{value.__module__}.{value.__qualname__}".encode()
    named = value.__module__ or "builtins"
    home = getattr(value, "__globals__", {}).get("__name__", named)
    if version := _version(home):
        yield version.encode()
        if home != named:
            # A wrapper around a user's function, under the same name.
            yield from _all(
                [cell.cell_contents for cell in value.__closure__ or ()], above
            )
        return
    if not isinstance(value, FunctionType):
        # Compiled code of a user has no source.
        raise _Unknown
    yield from _code(value.__code__, above)
    defaults = [value.__defaults__, value.__kwdefaults__]
    defaults += [cell.cell_contents for cell in value.__closure__ or ()]
    yield from _all(defaults, above)
    for name in sorted(set(_names(value.__code__))):
        if name in value.__globals__:
            yield name.encode()
            yield from _used(value.__globals__[name], above)


def _used(value: Any, above: tuple[int, ...]) -> Iterator[bytes]:
    """Yield the bytes that identify a global that a function uses."""
    if not isinstance(value, ModuleType):
        yield from _pieces(value, above)
        return
    yield value.__name__.encode()
    if version := _version(value.__name__):
        yield version.encode()
    elif file := getattr(value, "__file__", None):
        yield Path(file).read_bytes()


def _code(code: CodeType, above: tuple[int, ...]) -> Iterator[bytes]:
    yield code.co_code
    yield repr((code.co_names, code.co_varnames, code.co_freevars)).encode()
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code(constant, above)
        else:
            yield repr(constant).encode()


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names of globals that a function and its inner functions use."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield str(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


@cache
def _version(module: str) -> str | None:
    """Return the version of an installed module, or None for a user's module."""
    top = module.partition(".")[0]
    if top == "builtins" or top in sys.stdlib_module_names:
        return None if top == "__main__" else sys.version.partition(" ")[0]
    if top == "windu":
        return version("windu")
    package = sys.modules.get(top)
    file = getattr(package, "__file__", None)
    # An editable install has a version, but is outside site-packages.
    if file and {"site-packages", "dist-packages"} & {*Path(file).parts}:
        if stated_version := getattr(package, "__version__", None):
            return str(stated_version)
        # Reading the installed metadata is slow.
        names = _distributions().get(top, [])
        return ",".join(f"{name}=={version(name)}" for name in sorted(set(names)))
    return None


@cache
def _distributions() -> Mapping[str, list[str]]:
    return packages_distributions()
