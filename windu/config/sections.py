"""The sections of a configuration as types: what keys there are, and their kinds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema

from windu.components.registry import names_of
from windu.config.yaml_text import Document, Path, dotted, short
from windu.exceptions import ConfigError, did_you_mean
from windu.tasks import TASKS

__all__ = ["Config", "EstimatorSection", "config_schema", "read_section"]


class Section(BaseModel):
    """A mapping with known keys."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _part(*kinds: str) -> Any:
    """Return the type of a part, which is read by its own rules."""
    return Annotated[
        Any, WithJsonSchema({"type": ["null", "string", "object", *kinds]})
    ]


class EstimatorSection(Section):
    """The parameters of `WinduEstimator` that a configuration can hold."""

    task: Literal["auto", "binary", "multiclass", "multilabel", "regression"] = "auto"
    featurizer: _part() = "auto"  # type: ignore[valid-type]
    transformer: _part() = "auto"  # type: ignore[valid-type]
    label_encoder: _part() = "auto"  # type: ignore[valid-type]
    model: _part() = "auto"  # type: ignore[valid-type]
    threshold: _part("number", "array") = None  # type: ignore[valid-type]
    schema_: _part() = Field("infer", alias="schema")  # type: ignore[valid-type]
    random_state: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    n_jobs: int | None = None
    verbose: bool | int = False


class Config(Section):
    """A whole file."""

    estimator: EstimatorSection


def read_section(document: Document) -> Config:
    """Return a document as its type.

    Parameters
    ----------
    document : Document
        As read.

    Returns
    -------
    Config
        Parts are still plain data.

    Raises
    ------
    ConfigError
        For an unknown key or a value of another kind, with the place.
    """
    if not isinstance(document.data, dict):
        hint = ""
        if isinstance(document.data, str):
            hint = " To read a file, pass pathlib.Path(...)."
        raise document.error(
            (), f"A configuration must be a mapping with the key 'estimator'.{hint}"
        )
    try:
        return Config.model_validate(document.data)
    except ValidationError as error:
        raise _located(document, error) from None


def _located(document: Document, error: ValidationError) -> ConfigError:
    """Return the first thing that is wrong, with its place."""
    # A key that is not known explains one that is missing.
    known = error.errors(include_url=False)
    found = max(known, key=lambda e: e["type"] == "extra_forbidden")
    kind, given, path = found["type"], found["input"], tuple(found["loc"])
    if kind == "missing":
        return document.error(path, f"The key {path[-1]!r} must be there. Add it.")
    # After the keys pydantic names the kind that it has tried.
    while path not in document.values:
        path = path[:-1]
    if kind == "extra_forbidden":
        return _unknown(document, path)
    must = found["msg"].replace("Input should be", "must be")
    hint = did_you_mean(given, ["auto", *TASKS]) if kind == "literal_error" else ""
    if kind in ("model_type", "model_attributes_type"):
        must = "must be a mapping of parameters, indented below it"
    return document.error(path, f"{dotted(path)} {must}. Got {short(given)}.{hint}")


def _unknown(document: Document, path: Path) -> ConfigError:
    section = EstimatorSection if path[0] == "estimator" and path[1:] else Config
    fields = section.model_fields.items()
    known = [field.alias or name for name, field in fields]
    if path[-1] == "memory":
        reason = (
            "'memory' is a path, and a configuration names none. Set it in code: "
            "est.set_params(memory=...)."
        )
    else:
        hint = did_you_mean(path[-1], known)
        if not hint and section is Config and path[-1] in EstimatorSection.model_fields:
            hint = " Indent it below 'estimator'."
        above = dotted(path[:-1]) or "A configuration"
        reason = f"{above} has no key {path[-1]!r}. It has {known}.{hint}"
    return document.error(path, reason, at_key=True)


def config_schema() -> dict[str, Any]:
    """Return the JSON schema of a configuration, for editors.

    Returns
    -------
    dict
        Of a whole file. What classes take as parameters is not in it; `from_yaml`
        checks that.

    Examples
    --------
    >>> from windu.config import config_schema
    >>> sorted(config_schema()["$defs"]["EstimatorSection"]["properties"])[:3]
    ['featurizer', 'label_encoder', 'model']
    """
    schema = Config.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    properties = schema["$defs"]["EstimatorSection"]["properties"]
    for name in ("featurizer", "transformer", "label_encoder", "model"):
        others = {"type": ["null", "object"]}
        properties[name] = {
            "anyOf": [{"enum": names_of(name)}, others],
            "default": properties[name]["default"],
        }
    return schema
