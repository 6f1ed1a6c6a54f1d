"""Routing of sample weights and other metadata to the parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import Parameter, signature
from numbers import Real
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.validation import has_fit_parameter

from windu._compat.sklearn import check_sample_weight, routing_enabled, take_rows
from windu.components.thresholds.decisions import as_numbers
from windu.components.thresholds.purpose import check_costs
from windu.exceptions import PartError

__all__ = ["Metadata", "read_metadata", "router_of", "sliced"]


@dataclass(frozen=True)
class Metadata:
    """Metadata passed to `fit`, by the part that receives it.

    Attributes
    ----------
    model : dict
        Keyword arguments of the model's `fit`.
    groups : array-like of shape (n_samples,) or None
        For the folds of the threshold.
    costs : array-like or None
        For the threshold.
    """

    model: dict[str, Any] = field(default_factory=dict)
    groups: Any = None
    costs: Any = None


def router_of(
    owner: Any, model: Any, threshold: Any, *, named_model: bool, named_threshold: bool
) -> MetadataRouter:
    """Return the router of `fit`.

    Parameters
    ----------
    owner : WinduEstimator
        The estimator that routes.
    model, threshold : estimator or None
        The parts.
    named_model, named_threshold : bool
        Whether a part was given by name or as a number. It cannot have requested
        metadata then, and receives all that it accepts.

    Returns
    -------
    MetadataRouter
        To the model, to the threshold and to its folds.
    """
    router = MetadataRouter(owner=owner)
    mapping = MethodMapping().add(caller="fit", callee="fit")
    if model is not None:
        if named_model and hasattr(model, "set_fit_request"):
            model.set_fit_request(sample_weight=True)
        router.add(model=model, method_mapping=mapping)
    if threshold is not None:
        if named_threshold:
            threshold.set_fit_request(sample_weight=True, costs=True)
        router.add(threshold=threshold, method_mapping=mapping)
        cv = threshold.cv
        splitter = StratifiedGroupKFold() if isinstance(cv, Real) else cv
        if hasattr(splitter, "get_metadata_routing"):
            split = MethodMapping().add(caller="fit", callee="split")
            router.add(splitter=splitter, method_mapping=split)
    return router


def read_metadata(
    estimator: Any,
    model: Any,
    threshold: Any,
    sample_weight: Any,
    params: dict[str, Any],
    n_rows: int,
) -> Metadata:
    """Return the metadata that each part is fitted with.

    Parameters
    ----------
    estimator : WinduEstimator
        Whose routing decides, where scikit-learn's metadata routing is enabled.
    model, threshold : estimator or None
        The unfitted parts.
    sample_weight : array-like of shape (n_rows,) or None
        Weights.
    params : dict
        More metadata.
    n_rows : int
        Number of rows of the table.

    Returns
    -------
    Metadata
        By part.

    Raises
    ------
    PartError
        If no part accepts a metadata argument.
    """
    metadata = dict(params)
    if sample_weight is not None:
        metadata["sample_weight"] = sample_weight
    if not metadata:
        _check_costs(threshold, None, n_rows)
        return Metadata()
    if model is None:
        raise PartError(
            f"Weights and other metadata go to the model. Got {sorted(metadata)} and "
            "model=None. Leave them out, or pass a model."
        )
    groups = costs = None
    if routing_enabled():
        routed = process_routing(estimator, "fit", **metadata)
        metadata = dict(routed.model.fit)
        if threshold is not None:
            costs = routed.threshold.fit.get("costs")
            _check_weights_alike("sample_weight" in metadata, routed.threshold.fit)
            groups = getattr(routed, "splitter", {"split": {}})["split"].get("groups")
    elif threshold is not None:
        costs = metadata.pop("costs", None)
        takes = has_fit_parameter(model, "groups")
        groups = metadata.get("groups") if takes else metadata.pop("groups", None)
    for name in metadata:
        if "__" not in name and not takes_parameter(model, name):
            raise PartError(
                f"The model's fit must take {name}. Got "
                f"{type(model).__name__}, which does not. Leave {name} out, or choose "
                "a model that takes it."
            )
    if "sample_weight" in metadata:
        metadata["sample_weight"] = check_sample_weight(
            metadata["sample_weight"], np.empty((n_rows, 1)), ensure_non_negative=True
        )
    _check_rows("groups", groups, n_rows)
    _check_costs(threshold, costs, n_rows)
    return Metadata(metadata, groups, costs)


def takes_parameter(model: Any, name: str) -> bool:
    """Tell whether `fit` of a model accepts a parameter.

    Parameters
    ----------
    model : estimator
        Not fitted.
    name : str
        Of the parameter.

    Returns
    -------
    bool
        True for a `Pipeline` and others that accept any parameter; they raise for
        those that they cannot pass on.
    """
    parameters = signature(model.fit).parameters
    kinds = {parameter.kind for parameter in parameters.values()}
    return name in parameters or Parameter.VAR_KEYWORD in kinds


def sliced(params: Mapping[str, Any], n_rows: int, rows: Any) -> dict[str, Any]:
    """Return metadata for some of the rows.

    Parameters
    ----------
    params : mapping of str to object
        Metadata for all rows.
    n_rows : int
        Number of rows.
    rows : ndarray of int
        Positions of the selected rows.

    Returns
    -------
    dict of str to object
        Values of one per row are cut; others stay as they are.
    """
    return {
        name: take_rows(value, rows)
        if hasattr(value, "__len__")
        and not isinstance(value, str)
        and len(value) == n_rows
        else value
        for name, value in params.items()
    }


def _check_costs(threshold: Any, costs: Any, n_rows: int) -> None:
    if threshold is not None and threshold.thresholds is None:
        check_costs(threshold, costs)
    if costs is not None:
        _check_rows("costs", as_numbers(costs, "costs"), n_rows)


def _check_weights_alike(to_model: bool, to_threshold: Mapping[str, Any]) -> None:
    if to_model != ("sample_weight" in to_threshold):
        raise PartError(
            "sample_weight must go to both the model and the threshold, or to neither. "
            f"Got a request of the {'model' if to_model else 'threshold'} alone. Call "
            "set_fit_request(sample_weight=...) alike on both."
        )


def _check_rows(name: str, values: Any, n_rows: int) -> None:
    if values is not None and np.shape(values)[:1] != (n_rows,):
        raise PartError(
            f"{name} must have one row for each of the {n_rows} rows of X. Got shape "
            f"{np.shape(values)}."
        )
