"""Pictures of a report as SVG, in the colors of the page."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from windu.components import ThresholdCurveDisplay
from windu.reports.html import note, raw

__all__ = [
    "calibration_curve",
    "can_plot",
    "cut_curves",
    "histogram",
    "joint_counts",
]

#: Replaces a picture.
NO_PICTURE = "There is no picture: matplotlib is not installed (windu[plot])."
#: Placeholder of the text color, which the page sets.
_INK = "#010203"
#: Weights are drawn up to so many times the largest that is used.
_AROUND = 30
_STYLE: Any = {
    **dict.fromkeys(
        (
            *("text.color", "axes.labelcolor", "axes.edgecolor"),
            *("xtick.color", "ytick.color", "legend.labelcolor"),
        ),
        _INK,
    ),
    **{"axes.spines.top": False, "axes.spines.right": False},
    **{"svg.fonttype": "none", "svg.hashsalt": "windu", "font.family": "sans-serif"},
    **{"font.size": 9, "legend.frameon": False, "text.parse_math": False},
}


def can_plot() -> bool:
    """Tell whether matplotlib, which draws the pictures, is installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return False
    return True


def _drawn(draw: Callable[[Any], None], size: tuple[float, float]) -> raw:
    """Return the SVG of axes, without external references.

    Without matplotlib a note stands in its place.
    """
    if not can_plot():
        return note(NO_PICTURE)
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    file = io.StringIO()
    with rc_context(_STYLE), warnings.catch_warnings():
        # The browser has the letters that matplotlib's own font has not.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing")
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.subplots())
        figure.savefig(file, format="svg", transparent=True, dpi=150)
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", svg)
    return raw(f"<figure>{svg.replace(_INK, 'currentColor')}</figure>")


def calibration_curve(details: Mapping[str, Any]) -> raw:
    """Draw how often what was predicted happened, above the number of rows."""
    predicted, observed = details["predicted"], details["observed"]
    rows = np.asarray(details["rows"], dtype=float)

    def draw(ax: Any) -> None:
        ax.bar(
            *(predicted, rows / rows.max() * 0.2),
            **{"width": 0.06, "color": "#88888855", "label": "share of rows"},
        )
        ax.plot([0, 1], [0, 1], color=_INK, lw=0.8, ls=":")
        ax.plot(predicted, observed, "o-", color="#2a78d6", label="observed")
        ax.set(xlabel="predicted probability", ylabel="observed share")
        ax.set(xlim=(0, 1), ylim=(0, 1.02))
        ax.legend(loc="upper left")

    return _drawn(draw, (4.6, 3.4))


def cut_curves(details: Mapping[str, Any]) -> raw:
    """Draw the score along each cut."""
    curve = pd.DataFrame(details["curve"]).astype(
        {name: float for name in details["curve"] if name != "label"}
    )
    if "std" not in curve:
        curve["std"] = np.nan
    several = "label" in curve
    if several:
        # matplotlib leaves names out that begin with an underscore.
        curve["label"] = [f" {label}" for label in curve["label"]]

    def draw(ax: Any) -> None:
        ThresholdCurveDisplay(
            curve,
            details["used"],
            plain_score=details["plain_score"],
            score_name=details["score_name"],
            weights=details["weights"],
        ).plot(ax=ax, name="score")
        if details["weights"]:
            ax.xaxis.set_major_formatter("{x:g}")
            ax.set_xlim(min(details["used"]) / _AROUND, max(details["used"]) * _AROUND)
        if several:
            ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))

    return _drawn(draw, (6.2 if several else 4.6, 3.4))


def joint_counts(details: Mapping[str, Any]) -> raw:
    """Draw how many rows have which predicted and which true value."""
    edges = details["edges"]
    counts = np.asarray(details["rows"], dtype=float)

    def draw(ax: Any) -> None:
        from matplotlib.colors import LogNorm

        filled = np.ma.masked_equal(counts, 0)
        mesh = ax.pcolormesh(
            *(edges, edges, filled),
            **{"norm": LogNorm(1, max(counts.max(), 2)), "cmap": "viridis_r"},
            rasterized=True,
        )
        ax.plot(edges[:: len(edges) - 1], edges[:: len(edges) - 1], ":", color=_INK)
        ax.set(xlabel="true", ylabel="predicted")
        ax.figure.colorbar(mesh, ax=ax, label="rows", format="%g").minorticks_off()

    return _drawn(draw, (4.8, 3.6))


def histogram(details: Mapping[str, Any]) -> raw:
    """Draw how many rows have which residual."""
    edges = np.asarray(details["edges"], dtype=float)

    def draw(ax: Any) -> None:
        ax.bar(
            edges[:-1], details["rows"], np.diff(edges), align="edge", color="#2a78d6"
        )
        ax.axvline(0, color=_INK, lw=0.8, ls=":")
        ax.set(xlabel="true minus predicted", ylabel="rows")

    return _drawn(draw, (4.2, 3.6))
