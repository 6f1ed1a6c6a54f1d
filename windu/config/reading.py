"""Plain data to objects: everything is checked before anything is built.

Each method looks at its part of the document and returns a function without arguments
that makes the object. So a mistake in the last line is told before code that the
caller allowed is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from windu._compat.sklearn import check_parameter
from windu.components.registry import LABEL_ENCODERS, MODELS, make_named
from windu.config.classes import (
    find_class,
    known_names,
    named_items,
    parameters_of,
    refusal,
    required_of,
    takes_estimator,
)
from windu.config.references import check_target, find_target, find_version
from windu.config.yaml_text import Document, Path, dotted, short
from windu.estimator.parts import named_part
from windu.exceptions import ConfigError, WinduError, did_you_mean

__all__ = ["Maker", "Reader", "form_of", "near_class"]

Maker = Callable[[], Any]
#: Keys that stand alone in a mapping, for what YAML has no word for: ``{set: [1]}``.
#: ``{tuple: ...}`` and ``{list: ...}`` where a list would be read as the other one, and
#: ``{dict: ...}`` for a mapping that would be read as something else.
_FORMS: dict[str, Any] = {"dict": dict, "list": list, "set": set, "tuple": tuple}

#: Looking at an estimator may raise any of them, as some tell what they are by a part.
_CAUGHT = (WinduError, AttributeError, RuntimeError, TypeError, ValueError)

#: What is no estimator and may stand in its place.
_INSTEAD = ("drop", "passthrough")


def form_of(mapping: dict[Any, Any]) -> str | None:
    """Return "dict", "list", "set" or "tuple" for a mapping of one such key alone."""
    return next(iter(mapping)) if len(mapping) == 1 and {*mapping} & {*_FORMS} else None


class Reader:
    """Makes the objects of one document.

    Parameters
    ----------
    document : Document
        What was read.
    allow : collection of str
        Packages and modules whose code may be imported.
    classifier : bool or None
        Which class a registered name of a model stands for.
    """

    def __init__(
        self, document: Document, allow: Collection[str], classifier: bool | None
    ):
        self.document = document
        self.allow = allow
        self.classifier = classifier

    def value(self, data: Any, path: Path, *, default: Any = None) -> Maker:
        """Check any value, and return its constructor.

        Parameters
        ----------
        data : object
            As read.
        path : tuple
            Where it stands.
        default : object, default=None
            What the parameter is by default; where that is a tuple, a list is one.

        Returns
        -------
        callable
            Without arguments.

        Raises
        ------
        ConfigError
            With the place.
        """
        if isinstance(data, list):
            kind = tuple if isinstance(default, tuple) else list
            return self._collection(kind, data, path)
        if not isinstance(data, dict):
            return lambda: data
        if "use" in data:
            return self.reference(data, path)
        if self.makes_object(data):
            ((name, parameters),) = data.items()
            return self._named(name, parameters or {}, (*path, name))
        if form := form_of(data):
            path, data = (*path, form), data[form]
            if not isinstance(data, dict if form == "dict" else list):
                must = "mapping" if form == "dict" else "list"
                raise self.document.error(
                    path, f"{form} must be a {must}. Got {data!r}."
                )
            if isinstance(data, list):
                return self._collection(_FORMS[form], data, path)
        pairs = {key: self.value(item, (*path, key)) for key, item in data.items()}
        return lambda: {key: maker() for key, maker in pairs.items()}

    def _collection(self, kind: Any, data: list[Any], path: Path) -> Maker:
        makers = self._items(data, path)

        def make_collection() -> Any:
            items = [maker() for maker in makers]
            try:
                return kind(items)
            except TypeError as error:
                # A set holds no lists.
                raise self.document.error(path, f"{error}.") from error

        return make_collection

    def _items(self, data: list[Any], path: Path) -> list[Maker]:
        return [self.value(item, (*path, i)) for i, item in enumerate(data)]

    def makes_object(self, data: Any) -> bool:
        """Tell whether a mapping is ``{Class: {parameters}}`` or ``{use: ...}``."""
        if not isinstance(data, dict) or "use" in data or len(data) != 1:
            return isinstance(data, dict) and "use" in data
        ((name, parameters),) = data.items()
        is_name = name in MODELS or name in LABEL_ENCODERS or name in known_names()
        return is_name and (parameters is None or isinstance(parameters, dict))

    def _named(self, name: str, parameters: dict[Any, Any], path: Path) -> Maker:
        """Return what makes an object of a class or of a registered name."""
        with self.at(path):
            if name in MODELS and self.classifier is None:
                raise ConfigError(
                    f"The name {name!r} stands for a classifier and a regressor. Say "
                    "which: add 'task: binary', 'multiclass', 'multilabel' or "
                    "'regression', or name a class."
                )
            if name in MODELS:
                part = named_part("model", name, classifier=self.classifier)
                return self.object(type(part), name, parameters, path)
            if name in LABEL_ENCODERS:
                part = make_named("label_encoder", name)
                return self.object(type(part), name, parameters, path)
            return self.object(find_class(name), None, parameters, path)

    def object(
        self, cls: Any, registered: str | None, parameters: dict[Any, Any], path: Path
    ) -> Maker:
        """Check parameters by name, and return what makes the object."""
        defaults = parameters_of(cls)
        makers = {}
        for key, data in parameters.items():
            at = (*path, key)
            if key not in defaults:
                raise self.document.error(
                    at,
                    f"{cls.__name__} has no parameter {key!r}. It has "
                    f"{sorted(defaults)}." + did_you_mean(key, defaults),
                    at_key=True,
                )
            if reason := refusal(cls, key, data):
                raise self.document.error(at, reason, at_key=True)
            makers[key] = self._parameter(cls, key, data, at, defaults[key])
        if missing := [name for name in required_of(cls) if name not in parameters]:
            raise self.document.error(
                path, f"{cls.__name__} needs {missing}. Add it to {dotted(path)}."
            )
        return lambda: self._make_object(cls, registered, makers, path)

    def _make_object(
        self, cls: Any, registered: str | None, makers: dict[str, Maker], path: Path
    ) -> Any:
        values = {key: maker() for key, maker in makers.items()}
        for key, value in values.items():
            if wrong := check_parameter(cls, key, value):
                raise self.document.error((*path, key), wrong)
        try:
            if registered is None:
                return cls(**values)
            part = "label_encoder" if registered in LABEL_ENCODERS else "model"
            part_made = named_part(part, registered, classifier=self.classifier)
            return part_made.set_params(**values)
        except Exception as error:
            # An allowed class may raise any exception.
            raise self.document.error(
                path, f"{cls.__name__} cannot be made: {type(error).__name__}: {error}"
            ) from error

    def _parameter(
        self, cls: Any, name: str, data: Any, path: Path, default: Any
    ) -> Maker:
        if named_items(cls, name):
            return self._named_items(name, data, path)
        if takes_estimator(cls, name):
            return self._estimator(data, path, default)
        return self.value(data, path, default=default)

    def _estimator(self, data: Any, path: Path, default: Any = None) -> Maker:
        """Return what makes an estimator where nothing else can stand."""
        if data is None or (isinstance(data, str) and data in (*_INSTEAD, default)):
            return lambda: data
        if isinstance(data, str) and self.makes_object({data: None}):
            return self._named(data, {}, path)
        if not self.makes_object(data):
            raise self.document.error(
                path,
                f"{dotted(path)} must be an estimator: a class of scikit-learn by its "
                "name, {Class: {parameter: value}}, or {use: 'package.module:name'}. "
                f"Got {short(data)}." + near_class(data),
            )
        maker = self.value(data, path)

        def make_estimator() -> Any:
            part = maker()
            if not hasattr(part, "fit"):
                raise self.document.error(
                    path,
                    f"{dotted(path)} must be an estimator. Got {short(part)}. Write a "
                    "function as {FunctionTransformer: {func: {use: ...}}}.",
                )
            return part

        return make_estimator

    def _named_items(self, name: str, data: Any, path: Path) -> Maker:
        """Return what makes a list of names with estimators, of a mapping."""
        columns = name == "transformers"
        form = "{transformer: ..., columns: ...}" if columns else "an estimator"
        if not isinstance(data, dict) or not all(isinstance(k, str) for k in data):
            raise self.document.error(
                path,
                f"{dotted(path)} must be a mapping of names to {form}. Got "
                f"{short(data)}. Write 'name: ...', without dashes.",
            )
        makers: list[tuple[Maker, ...]] = []
        for key, item in data.items():
            at = (*path, key)
            makers.append((_constant(key), *self._item(item, at, columns, form)))
        return lambda: [tuple(maker() for maker in row) for row in makers]

    def _item(self, item: Any, at: Path, columns: bool, form: str) -> Iterator[Maker]:
        if not columns:
            yield self._estimator(item, at)
            return
        keys = ("transformer", "columns")
        if not isinstance(item, dict) or set(item) != set(keys):
            unknown = (
                [k for k in item if k not in keys] if isinstance(item, dict) else []
            )
            hint = did_you_mean(unknown[0], keys) if unknown else ""
            raise self.document.error(
                (*at, *unknown[:1]),
                f"{dotted(at)} must be {form}. Got {short(item)}." + hint,
                at_key=bool(unknown),
            )
        yield self._estimator(item["transformer"], (*at, "transformer"))
        yield self.value(item["columns"], (*at, "columns"))

    def reference(
        self, data: dict[Any, Any], path: Path, *, call: bool = True
    ) -> Maker:
        """Check ``use`` against the allowed modules; import it when it is built."""
        at = (*path, "use")
        with self.at(at):
            check_target(data["use"], self.allow)
        numbered = set(data) == {"use", "version"} and type(data["version"]) is int
        parameters = {key: item for key, item in data.items() if key != "use"}
        makers = {
            key: self.value(item, (*path, key)) for key, item in parameters.items()
        }

        def make_reference() -> Any:
            with self.at(at):
                if numbered:
                    cls = find_version(data["use"], data["version"], self.allow)
                    return cls() if isinstance(cls, type) else cls
                cls = find_target(data["use"], self.allow)
            if call and hasattr(cls, "get_params") and isinstance(cls, type):
                return self.object(cls, None, parameters, path)()
            if makers:
                raise self.document.error(
                    path,
                    f"{data['use']!r} takes no parameters here. Got {sorted(makers)}. "
                    "Only classes of estimators do.",
                )
            return cls

        for key, item in parameters.items():
            if reason := refusal(object, str(key), item):
                raise self.document.error((*path, key), reason, at_key=True)
        return make_reference

    @contextmanager
    def at(self, path: Path) -> Iterator[None]:
        """Give errors the place of what they are about."""
        try:
            yield
        except _CAUGHT as error:
            if isinstance(error, ConfigError) and error.line is not None:
                raise
            raise self.document.error(path, str(error)) from error


def _constant(value: Any) -> Maker:
    return lambda: value


def near_class(data: Any) -> str:
    """Return the class name that a misspelled name may mean."""
    name = next(iter(data), None) if isinstance(data, dict) else data
    if isinstance(name, str) and name in (*MODELS, *known_names()):
        return (
            f" Write {{{name}: {{parameter: value}}}}, or indent them below {name!r}."
        )
    return (
        did_you_mean(name, [*MODELS, *known_names()]) if isinstance(name, str) else ""
    )
