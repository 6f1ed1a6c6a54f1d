"""Models of other libraries in the form that their own library writes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol

from windu.exceptions import (
    IntegrityError,
    PersistenceError,
    UntrustedTypesError,
    did_you_mean,
)
from windu.persistence.flavors.boosters import check_lightgbm, check_xgboost
from windu.persistence.flavors.catboost import check_catboost, holds_tables

__all__ = [
    "Flavor",
    "NativePart",
    "from_native",
    "is_native",
    "libraries_of",
    "opaque_in",
    "to_native",
]


class Flavor(Protocol):
    """How objects of a library are written and read; register one by an entry point.

    A package of your own adds a flavor by an entry point of the group
    ``windu.flavors``, whose name is the flavor's and whose value is an object with
    these attributes.
    """

    @property
    def types(self) -> tuple[str, ...]:
        """Full names of the classes whose objects it writes, with their module."""

    @property
    def suffix(self) -> str:
        """What the names of the library's files end in, with the dot."""

    def dump(self, model: Any) -> tuple[bytes, dict[str, Any]]:
        """Return the library's own bytes, and plain values that these do not hold."""

    def load(self, data: bytes, state: dict[str, Any]) -> Any:
        """Return the object."""

    # Optional: def opaque(self, data: bytes) -> str | None, the name that a caller
    # must trust before bytes are read into which the flavor cannot look.


@dataclass
class NativePart:
    """Stands in a saved object for what a flavor writes.

    Attributes
    ----------
    flavor : str
        Name of the flavor.
    file : str
        Name of the artifact that holds the library's own bytes.
    state : dict
        Plain values that these do not hold.
    """

    flavor: str
    file: str
    state: dict[str, Any]


class _LightGBM:
    types = ("lightgbm.basic.Booster",)
    suffix = ".txt"

    def dump(self, model: Any) -> tuple[bytes, dict[str, Any]]:
        text = model.model_to_string(num_iteration=-1)
        return text.encode(), {"best_iteration": model.best_iteration}

    def load(self, data: bytes, state: dict[str, Any]) -> Any:
        from lightgbm import Booster

        text = data.decode()
        check_lightgbm(text)
        booster = Booster(model_str=text)
        booster.best_iteration = int(state["best_iteration"])
        return booster


class _XGBoost:
    types = ("xgboost.core.Booster",)
    suffix = ".ubj"

    def dump(self, model: Any) -> tuple[bytes, dict[str, Any]]:
        return bytes(model.save_raw("ubj")), {"config": model.save_config()}

    def load(self, data: bytes, state: dict[str, Any]) -> Any:
        from xgboost import Booster

        check_xgboost(data)
        booster = Booster()
        booster.load_model(bytearray(data))
        booster.load_config(str(state["config"]))
        return booster


class _CatBoost:
    types = ("catboost.core.CatBoostClassifier", "catboost.core.CatBoostRegressor")
    suffix = ".cbm"

    def dump(self, model: Any) -> tuple[bytes, dict[str, Any]]:
        if not model.is_fitted():
            return b"", self._state(model)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.cbm")
            model.save_model(str(path))
            return path.read_bytes(), self._state(model)

    def load(self, data: bytes, state: dict[str, Any]) -> Any:
        import catboost

        kinds = {name.rpartition(".")[2] for name in self.types}
        if state["kind"] not in kinds:
            raise ValueError(f"no class {state['kind']!r}")
        if data and self.opaque(data) is None:
            check_catboost(data)
        model = getattr(catboost, state["kind"])(**state["params"])
        return model.load_model(blob=data) if data else model

    def opaque(self, data: bytes) -> str | None:
        return "catboost.core.CatBoost" if data and holds_tables(data) else None

    def _state(self, model: Any) -> dict[str, Any]:
        return {"kind": type(model).__name__, "params": model.get_params(deep=False)}


@cache
def _flavors() -> dict[str, Flavor]:
    flavors: dict[str, Flavor] = {
        "catboost": _CatBoost(),
        "lightgbm": _LightGBM(),
        "xgboost": _XGBoost(),
    }
    for point in entry_points(group="windu.flavors"):
        flavors.setdefault(point.name, point.load())
    return flavors


def _flavor_of(model: Any) -> str | None:
    return _by_type().get(f"{type(model).__module__}.{type(model).__qualname__}")


@cache
def _by_type() -> dict[str, str]:
    by_type: dict[str, str] = {}
    for name, flavor in _flavors().items():
        for type_name in flavor.types:
            by_type.setdefault(type_name, name)
    return by_type


def is_native(model: Any) -> bool:
    """Tell whether a flavor writes an object, which only its library can look into."""
    return f"{type(model).__module__}.{type(model).__qualname__}" in _by_type()


def to_native(model: Any, store: Callable[[str, bytes], str]) -> Any:
    """Return a `NativePart` for an object that a flavor writes, else the object.

    Parameters
    ----------
    model : object
        Anything.
    store : callable
        Keeps the library's bytes: given a suffix and bytes, it returns the name of the
        artifact.

    Returns
    -------
    object
        A `NativePart`, or what was passed.
    """
    name = _flavor_of(model)
    if name is None:
        return model
    flavor = _flavors()[name]
    data, state = flavor.dump(model)
    return NativePart(name, store(_suffix(name, flavor), data), state)


def from_native(
    model: Any, get: Callable[[str], bytes], trusted: Collection[str] = ()
) -> Any:
    """Return the object that a `NativePart` stands for, else what was passed.

    Parameters
    ----------
    model : object
        Anything.
    get : callable
        Returns the bytes of an artifact.
    trusted : collection of str, default=()
        What the caller trusts, also where windu cannot look inside.

    Returns
    -------
    object
        Made by the flavor's own library.

    Raises
    ------
    PersistenceError
        If there is no such flavor, its library is missing, or cannot read the bytes.
    UntrustedTypesError
        If windu cannot look into it, and the caller does not trust it.
    """
    if not isinstance(model, NativePart):
        return model
    name, file = (vars(model).get(attribute) for attribute in ("flavor", "file"))
    if not (isinstance(name, str) and isinstance(file, str)):
        raise IntegrityError(
            "A part of another library must name its flavor and its file. The file "
            "holds one that does not; it was damaged or edited. Get a whole copy."
        )
    if name not in _flavors():
        raise PersistenceError(
            f"The file holds a part of the flavor {name!r}, which must be installed. "
            f"Got only {sorted(_flavors())}." + did_you_mean(name, list(_flavors()))
        )
    data = get(file)
    hidden = _opaque(_flavors()[name], name, data)
    if hidden is not None and hidden not in trusted:
        raise UntrustedTypesError(
            f"{file!r} is a model of {name} with tables that cannot be looked into, as "
            "of categorical features: edited ones could crash the process. If you know "
            f"where the file comes from, pass trusted=[{hidden!r}]; or sign it: save "
            "and load with a key.",
            [hidden],
        )
    try:
        return _flavors()[name].load(data, model.state)
    except ImportError as error:
        raise PersistenceError(
            f"The file holds a part that {name} wrote, which must be installed. Got: "
            f"{error}. Run pip install 'windu[{name}]'."
        ) from error
    except Exception as error:
        raise PersistenceError(
            f"What {name} wrote cannot be read: {type(error).__name__}: {error}. The "
            f"file is damaged, or was written by another version of {name}."
        ) from error


def opaque_in(files: Mapping[str, bytes]) -> set[str]:
    """Return the names that a caller must trust where windu cannot look inside.

    Parameters
    ----------
    files : mapping of str to bytes
        Artifacts by their names.

    Returns
    -------
    set of str
        For `load(trusted=...)`.
    """
    types = set()
    for name, flavor in _flavors().items():
        suffix = _suffix(name, flavor)
        for file, data in files.items():
            if file.endswith(suffix):
                types.add(_opaque(flavor, name, data))
    return {name for name in types if name is not None}


def _opaque(flavor: Flavor, name: str, data: bytes) -> str | None:
    look = getattr(flavor, "opaque", None)
    try:
        found = None if look is None else look(data)
    except ValueError as error:
        raise IntegrityError(
            f"What {name} wrote cannot be read: {error}. The file is damaged."
        ) from error
    return None if found is None else str(found)


def libraries_of(files: Iterable[str]) -> list[str]:
    """Return the flavors whose files are among these.

    Parameters
    ----------
    files : iterable of str
        Names of artifacts.

    Returns
    -------
    list of str
        Names of the flavors.
    """
    files = list(files)
    suffixes = {name: _suffix(name, flavor) for name, flavor in _flavors().items()}
    return [
        name
        for name, suffix in suffixes.items()
        if any([file.endswith(suffix) for file in files])
    ]


def _suffix(name: str, flavor: Flavor) -> str:
    return str(getattr(flavor, "suffix", f".{name}"))
