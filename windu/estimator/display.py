"""The diagram of an estimator: its five parts in the order of the data."""

from __future__ import annotations

from typing import Any

from windu._compat.sklearn import VisualBlock
from windu.estimator.parts import PARTS

__all__ = ["visual_block"]


def visual_block(estimator: Any) -> Any:
    """Return the block that scikit-learn draws in notebooks.

    Parameters
    ----------
    estimator : WinduEstimator
        Fitted parts are drawn where there are some.

    Returns
    -------
    visual block
        Serial, one box a part.
    """
    parts = [_part(estimator, name) for name in PARTS]
    names = [
        f"{name}: {_title(part)}" for name, part in zip(PARTS, parts, strict=True)
    ]
    drawn = [part if hasattr(part, "get_params") else None for part in parts]
    return VisualBlock(
        "serial",
        drawn,
        names=names,
        name_details=[str(part) for part in parts],
        dash_wrapped=False,
    )


def _part(estimator: Any, name: str) -> Any:
    return vars(estimator).get(f"{name}_", getattr(estimator, name))


def _title(part: Any) -> str:
    if part is None:
        return "none"
    if isinstance(part, str):
        return part
    return getattr(part, "__name__", type(part).__name__)
