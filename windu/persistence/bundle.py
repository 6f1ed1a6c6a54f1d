"""The artifacts of a run: built and verified in one call, and loaded."""

from __future__ import annotations

import copy
import json
import warnings
from collections.abc import Callable, Collection, Mapping
from typing import Any

import pandas as pd

from windu.config import to_yaml
from windu.estimator import WinduEstimator
from windu.estimator.prediction import validate
from windu.exceptions import (
    ConfigError,
    PersistenceError,
    UntrustedTypesError,
    WinduWarning,
    did_you_mean,
)
from windu.persistence.flavors import libraries_of, opaque_in
from windu.persistence.format.artifacts import MAX_ROWS, is_split, restored, split
from windu.persistence.format.manifest import (
    MANIFEST,
    Manifest,
    changed,
    describe,
    versions,
)
from windu.persistence.format.runs import Run, open_run
from windu.persistence.functions import (
    CODE,
    FUNCTION_PARTS,
    FunctionReference,
    bind,
    check_same_schemas,
    check_schemas,
    detach,
)
from windu.persistence.objects import does_not_load, types_in
from windu.persistence.replay import (
    check_given,
    check_replay,
    check_same,
    expected,
    without_own_checks,
)
from windu.persistence.substitution import substitute
from windu.persistence.trust import TRUSTED
from windu.persistence.trust.inspection import check_trusted_names, with_all_untrusted
from windu.persistence.trust.storable import misplaced, path_of, path_to
from windu.schema.inference import pack_frame

__all__ = ["load_run", "statistics", "to_artifacts"]


def statistics(estimator: Any) -> dict[str, Any]:
    """Return what the schema of a fitted estimator says of each column.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted.

    Returns
    -------
    dict
        ``task``, ``n_columns``, and one object a column: its kind, the share of missing
        values, and the range and deciles of numbers or the shares of levels.
    """
    columns = {
        str(column.name): {
            "kind": column.kind,
            "dtype": column.dtype,
            "null_share": column.null_share,
            "minimum": column.minimum,
            "maximum": column.maximum,
            "deciles": column.bin_edges,
            "level_shares": _shares(column),
        }
        for column in estimator._table_schema.columns
    }
    return {
        "task": estimator.task_,
        "n_columns": len(columns),
        "columns": {
            name: {
                key: value
                for key, value in statistics_of_column.items()
                if value is not None
            }
            for name, statistics_of_column in columns.items()
        },
    }


def _shares(column: Any) -> dict[str, float] | None:
    if column.levels is None or column.level_shares is None:
        return None
    return dict(zip(map(str, column.levels), column.level_shares, strict=True))


def to_artifacts(
    estimator: Any,
    *,
    example: Any = None,
    metrics: Mapping[str, Any] | None = None,
    stats: Mapping[str, Any] | None = None,
    lineage: Mapping[str, Any] | None = None,
    omit: Collection[str] = (),
    key: bytes | None = None,
    config: str | None = None,
) -> dict[str, bytes]:
    """Return every file of a run, read again and compared in the same call.

    Parameters
    ----------
    estimator : WinduEstimator or scikit-learn estimator
        What to store.
    example : table, default=None
        Rows to keep in the place of those of training; None keeps these.
    metrics, stats, lineage : mapping, default=None
        Plain data to keep with it.
    omit : collection of {"featurizer", "transformer"}, default=()
        Parts that are functions and will be given again at load.
    key : bytes, default=None
        Signs the manifest.
    config : str, default=None
        The configuration that the estimator was made with; None writes its parameters.

    Returns
    -------
    dict of str to bytes
        By name of the artifact; the manifest is the last.

    Raises
    ------
    PersistenceError
        For what could not be loaded again, in another process or at all.
    """
    _check_omitted(omit)
    _check_search(estimator)
    check_schemas(estimator)
    if example is not None:
        estimator = _with_example(estimator, example)
    functions: dict[str, Any] = {}
    artifacts = split(detach(estimator, omit, functions))
    if isinstance(estimator, WinduEstimator):
        artifacts["config.yaml"] = config.encode() if config else _config(estimator)
    if is_split(estimator):
        artifacts["expected.json"] = _json(expected(estimator))
        stats = statistics(estimator) | dict(stats or {})
    artifacts["metrics.json"] = _json(metrics or {})
    artifacts["stats.json"] = _json(stats or {})
    artifacts["environment.json"] = _json(describe())
    artifacts = dict(sorted(artifacts.items()))
    manifest = Manifest.of(artifacts, versions(libraries_of(artifacts)), lineage, key)
    artifacts[MANIFEST] = manifest.to_bytes()
    _verify(estimator, artifacts, functions, omit, key is not None)
    return artifacts


def load_run(
    run: Run,
    *,
    trusted: Collection[str] = (),
    featurizer: Callable[..., Any] | None = None,
    transformer: Callable[..., Any] | None = None,
) -> Any:
    """Return the estimator or part that a run holds.

    Parameters
    ----------
    run : Run
        As opened.
    trusted : collection of str, default=()
        Full names of more types and functions that the caller has reviewed.
    featurizer, transformer : callable, default=None
        The function to use for a part that was a function.

    Returns
    -------
    object
        With other versions of libraries than at save, or a function that is given, it
        was proved on the stored example.

    Raises
    ------
    UntrustedTypesError
        If it holds other types; they are listed.
    VersionError
        If it predicts something else than at save.
    IntegrityError
        If an artifact is damaged.
    """
    functions_given = {"featurizer": featurizer, "transformer": transformer}
    check_trusted_names(trusted)
    try:
        loaded = bind(restored(run, trusted), trusted, functions_given)
    except UntrustedTypesError as error:
        raise with_all_untrusted(error, run, trusted) from error
    if not is_split(loaded):
        return loaded
    changes = changed(run.manifest.versions)
    if any(function is not None for function in functions_given.values()):
        check_given(loaded, run.read("expected.json"), run.where)
    elif changes:
        check_replay(loaded, run.read("expected.json"), changes, run.where)
    return loaded


def _verify(
    estimator: Any,
    artifacts: Mapping[str, bytes],
    functions: Mapping[str, Any],
    omit: Collection[str],
    signed: bool,
) -> None:
    """Read the artifacts as another process will, and compare what comes back."""
    run = open_run(lambda name, _: artifacts[name], "what is saved")
    types = {
        type_name
        for name in artifacts
        if name.endswith(".skops")
        for type_name in types_in(artifacts[name], run.called(name))
    }
    local = sorted(
        type_name
        for type_name in types
        if type_name.startswith("__main__.") or "<" in type_name
    )
    if local:
        raise PersistenceError(
            "Everything in a saved estimator must be importable from a module. Got "
            f"{local}, as "
            f"{path_of(estimator, lambda type_name: _full_name(type_name) in local)}. "
            "Move it to a module (a file features.py) and import it."
        )
    elsewhere = set(misplaced(estimator))
    hidden = opaque_in(artifacts)
    try:
        reloaded = substitute(
            restored(run, types | elsewhere | hidden),
            lambda type_name: (
                functions[type_name.name]
                if isinstance(type_name, FunctionReference)
                else type_name
            ),
        )
    except Exception as error:
        raise PersistenceError(
            "What is saved must load again. Got "
            f"{path_to(detach(estimator, omit), does_not_load)}, which does not: "
            f"{type(error).__name__}: {str(error).rstrip('.')}. Keep arrays, numbers "
            "and texts in fitted parts."
        ) from error
    check_same(estimator, reloaded)
    check_same_schemas(estimator, reloaded)
    # A signature tells where a file comes from.
    unknown = sorted((types - TRUSTED) | elsewhere | (set() if signed else hidden))
    if unknown:
        warnings.warn(
            f"load will ask whether to trust {unknown}. Pass load(path, trusted=[...]) "
            "with these names, or use parts that windu knows.",
            WinduWarning,
            stacklevel=4,
        )


def _full_name(obj: Any) -> str:
    if isinstance(obj, CODE):
        # Methods of a text or a list have no module; skops says that of the program.
        return f"{getattr(obj, '__module__', None) or '__main__'}.{obj.__name__}"
    return f"{type(obj).__module__}.{type(obj).__qualname__}"


def _with_example(estimator: Any, example: Any) -> Any:
    if not is_split(estimator):
        raise PersistenceError(
            "An example is stored with a fitted WinduEstimator. Got a "
            f"{type(estimator).__name__}. Leave example out."
        )
    table_and_names = estimator._table_schema, estimator._named
    frame = validate(example, *table_and_names, without_own_checks(estimator).schema)
    if not 0 < len(frame) <= MAX_ROWS:
        raise PersistenceError(
            f"An example must have 1 to {MAX_ROWS} rows. Got {len(frame)}."
        )
    estimator = copy.copy(estimator)
    estimator._example = pack_frame(frame)
    return estimator


def _check_search(estimator: Any) -> None:
    if hasattr(estimator, "study_"):
        raise PersistenceError(
            "What is saved must be an estimator or a part of one. Got a fitted "
            f"{type(estimator).__name__}, whose trials stay in its storage. Save its "
            "best_estimator_."
        )


def _check_omitted(omit: Collection[str]) -> None:
    for part in [omit] if isinstance(omit, str) else omit:
        if isinstance(omit, str) or part not in FUNCTION_PARTS:
            raise PersistenceError(
                f"omit must be a list of parts that may be functions, "
                f"{list(FUNCTION_PARTS)}. Got {omit!r}."
                + did_you_mean(part, FUNCTION_PARTS)
            )


def _config(estimator: WinduEstimator) -> bytes:
    """Return the parameters as YAML; where they have no such form, the reason."""
    try:
        return to_yaml(estimator).encode()
    except ConfigError as error:
        reason = " ".join(str(error).split())
        return f"# The parameters have no form in YAML. {reason}\n".encode()


def _json(obj: Any) -> bytes:
    try:
        text = json.dumps(obj, indent=1, default=_plain)
    except (TypeError, ValueError) as error:
        raise PersistenceError(
            f"Metrics and statistics must be plain data. Got: {error}. Use numbers, "
            "texts, lists and dicts with texts as keys."
        ) from error
    return text.encode()


def _plain(value: Any) -> Any:
    """Return what JSON can hold for a number or an array of numpy, or a frame."""
    if isinstance(value, pd.DataFrame):
        return value.to_dict("list")
    if isinstance(value, pd.Series):
        return value.to_dict()
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} {value!r}")
