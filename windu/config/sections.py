"""The sections of a configuration as types: what keys there are, and their kinds."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema

from windu.components.registry import names_of
from windu.config.yaml_text import Document, Path, dotted, short
from windu.exceptions import ConfigError, did_you_mean

__all__ = [
    "Config",
    "EstimatorSection",
    "PipelineConfig",
    "PredictionConfig",
    "config_schema",
    "read_section",
]

_FORMS = ("csv", "parquet", "jsonl", "excel")
_Kind = TypeVar("_Kind", bound="Section")


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


class UseSection(Section):
    """A function or class of a user's own."""

    use: str
    version: int | None = None


class TableSection(Section):
    """Where a table comes from."""

    path: str | list[str] | None = None
    format: Literal[*_FORMS] | None = None  # type: ignore[valid-type]
    options: dict[str, Any] | None = None
    sql: str | None = None
    url: str | None = None


class DataSection(TableSection):
    """Where the table to learn from comes from, and what it is to predict."""

    use: str | None = None
    target: str | list[str] | None = None


class FilesSection(Section):
    """Tables that are held back whole."""

    dev: str | list[str] | TableSection | None = None
    test: str | list[str] | TableSection | None = None


class SplitSection(Section):
    """What is held back."""

    files: FilesSection | None = None
    test: float | int | None = None
    dev: float | int | None = None
    seed: int | None = None
    group: str | None = None
    time: str | None = None
    column: str | None = None
    stratify: Literal["auto"] | bool | None = None
    fit_on: Literal["train", "train+dev"] | None = None


class SearchSection(Section):
    """The settings of a search."""

    engine: Literal["optuna", "random", "grid"] = "optuna"
    space: Literal["auto"] | dict[str, Any] | list[dict[str, Any]] = "auto"
    scoring: str | None = None
    cv: Literal["dev"] | Annotated[int, Field(ge=2)] | None = None
    n_trials: Annotated[int, Field(ge=1)] | None = None
    timeout: Annotated[float, Field(gt=0)] | Annotated[int, Field(gt=0)] | None = None
    storage: str | None = None
    study_name: str | None = None
    n_jobs: int | None = None
    max_latency_ms: (
        Annotated[float, Field(gt=0)] | Annotated[int, Field(gt=0)] | None
    ) = None
    ensemble: bool | Annotated[int, Field(ge=1)] = False
    seed: Annotated[int, Field(ge=0, lt=2**32)] | None = None


class StoreSection(Section):
    """Where results are kept."""

    target: str
    mirrors: list[str] = []


class EvaluateSection(Section):
    """What is told of held-back rows."""

    scores: str | list[str] | None = None
    importance: bool | Annotated[int, Field(ge=1)] = True


class PipelineConfig(Config):
    """A whole file that describes a training pipeline."""

    estimator: EstimatorSection = Field(
        default_factory=lambda: EstimatorSection.model_validate({})
    )
    data: DataSection | str | list[str]
    preprocess: str | UseSection | list[str | UseSection] | None = None
    split: SplitSection | None = None
    search: SearchSection | None = None
    evaluate: EvaluateSection | str | list[str] | None = None
    metastore: str | StoreSection | None = None
    name: str | None = None


def read_section(document: Document, kind: type[_Kind]) -> _Kind:
    """Return a document as its type.

    Parameters
    ----------
    document : Document
        As read.
    kind : type
        `Config` or `PipelineConfig`.

    Returns
    -------
    Config or PipelineConfig
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
        key = next(
            field.alias or name
            for name, field in kind.model_fields.items()
            if field.is_required()
        )
        raise document.error(
            (), f"A configuration must be a mapping with the key {key!r}.{hint}"
        )
    try:
        return kind.model_validate(document.data)
    except ValidationError as error:
        raise _located(document, error, kind) from None


def _located(
    document: Document, error: ValidationError, kind_of_file: type[Section]
) -> ConfigError:
    """Return the first error, with its position."""
    # A key that is not known explains one that is missing.
    errors = error.errors(include_url=False)
    error_entry = max(errors, key=lambda e: e["type"] == "extra_forbidden")
    kind, value = error_entry["type"], error_entry["input"]
    path: Path = ()
    for key in error_entry["loc"]:
        # Between the keys pydantic names the kinds that it has tried.
        if kind == "missing" and key == error_entry["loc"][-1]:
            return document.error(path, f"The key {key!r} must be there. Add it.")
        if (*path, key) in document.values:
            path = (*path, key)
    if kind == "extra_forbidden":
        return _unknown(document, path, kind_of_file)
    is_word = kind == "literal_error"
    must = error_entry["msg"].replace("Input should be", "must be")
    words = re.findall(r"'([^']*)'", error_entry["ctx"]["expected"]) if is_word else []
    hint = did_you_mean(value, words)
    if kind in ("model_type", "model_attributes_type"):
        must = "must be a mapping of parameters, indented below it"
    return document.error(path, f"{dotted(path)} {must}. Got {short(value)}.{hint}")


def _unknown(document: Document, path: Path, kind: type[Section]) -> ConfigError:
    above = tuple(key for key in path[:-1] if isinstance(key, str))
    section = _SECTIONS.get(above, kind)
    fields = section.model_fields.items()
    field_names = [field.alias or name for name, field in fields]
    if path[-1] == "memory":
        reason = (
            "'memory' is a path, and a configuration names none. Set it in code: "
            "est.set_params(memory=...)."
        )
    else:
        hint = did_you_mean(path[-1], field_names)
        below = (
            [] if hint or section is not kind else _sections_of(path[-1], field_names)
        )
        if below:
            hint = f" Indent it below {' or '.join(map(repr, below))}."
        if section is Config and path[-1] in PipelineConfig.model_fields:
            hint = " It describes a pipeline: use TrainingPipeline.from_yaml."
        place = dotted(path[:-1]) or "A configuration"
        reason = f"{place} has no key {path[-1]!r}. It has {field_names}.{hint}"
    return document.error(path, reason, at_key=True)


def _sections_of(key: Any, field_names: list[str]) -> list[str]:
    """Return those of the known sections that have a key."""
    return [
        path[0]
        for path, section in _SECTIONS.items()
        if len(path) == 1 and path[0] in field_names and key in section.model_fields
    ]


class PredictionConfig(Section):
    """A whole file that describes a prediction pipeline."""

    run: str
    metastore: str | StoreSection | None = None
    keep: list[str] = []
    probabilities: bool = True
    format: Literal[*_FORMS] | None = None  # type: ignore[valid-type]
    options: dict[str, Any] | None = None


_SECTIONS: dict[tuple[str, ...], type[Section]] = {
    ("estimator",): EstimatorSection,
    ("data",): DataSection,
    ("preprocess",): UseSection,
    ("split",): SplitSection,
    ("split", "files"): FilesSection,
    ("split", "files", "dev"): TableSection,
    ("split", "files", "test"): TableSection,
    ("search",): SearchSection,
    ("evaluate",): EvaluateSection,
    ("metastore",): StoreSection,
}


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
    schema = PipelineConfig.model_json_schema()
    # One estimator alone is a configuration as well.
    schema["required"] = []
    schema["anyOf"] = [{"required": ["estimator"]}, {"required": ["data"]}]
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    properties = schema["$defs"]["EstimatorSection"]["properties"]
    for name in ("featurizer", "transformer", "label_encoder", "model"):
        any_object = {"type": ["null", "object"]}
        properties[name] = {
            "anyOf": [{"enum": names_of(name)}, any_object],
            "default": properties[name]["default"],
        }
    return schema
