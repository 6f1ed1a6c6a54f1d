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
    parts = {name: _part(estimator, name) for name in PARTS}
    titles = [f"{name}: {_title(part)}" for name, part in parts.items()]
    return VisualBlock(
        "serial",
        [_box(part, title) for part, title in zip(parts.values(), titles, strict=True)],
        names=titles,
        name_details=[str(part) for part in parts.values()],
        dash_wrapped=False,
    )


def _box(part: Any, title: str) -> Any:
    if hasattr(part, "get_params"):
        return VisualBlock("serial", [part], dash_wrapped=False)
    # A block of this kind takes no part but its title.
    return VisualBlock("single", None, names=title, name_details=str(part))


def _part(estimator: Any, name: str) -> Any:
    return vars(estimator).get(f"{name}_", getattr(estimator, name))


def _title(part: Any) -> str:
    if part is None:
        return "none"
    if isinstance(part, str):
        return part
    return getattr(part, "__name__", type(part).__name__)
