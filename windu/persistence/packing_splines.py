"""Splines as plain values, independent of the version of scipy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.interpolate import BSpline

__all__ = ["PackedSpline", "pack_spline", "unpack_spline"]


@dataclass
class PackedSpline:
    """A spline, with the names of `scipy.interpolate.BSpline`.

    Attributes
    ----------
    t : ndarray of shape (n + k + 1,)
        Knots.
    c : ndarray of shape (n, ...)
        Coefficients.
    k : int
        Degree.
    extrapolate : bool or {"periodic"}
        What is done outside of the knots.
    axis : int
        Along which axis values are interpolated.
    """

    t: np.ndarray
    c: np.ndarray
    k: int
    extrapolate: bool | str
    axis: int


def pack_spline(spline: Any) -> Any:
    """Pack a spline; return other objects unchanged.

    Parameters
    ----------
    spline : object
        Anything.

    Returns
    -------
    object
        `PackedSpline`, or the object itself.
    """
    if type(spline) is not BSpline:
        return spline
    return PackedSpline(spline.t, spline.c, spline.k, spline.extrapolate, spline.axis)


def unpack_spline(spline: PackedSpline) -> BSpline:
    """Return the spline of a packed one.

    Parameters
    ----------
    spline : PackedSpline
        Whether knots and coefficients fit is looked at by
        `windu.persistence.integrity`.

    Returns
    -------
    scipy.interpolate.BSpline
        Not looked at.

    Raises
    ------
    ValueError
        If a value is of another type.
    """
    arrays = all(type(array) is np.ndarray for array in (spline.t, spline.c))
    numbers = type(spline.k) is int and type(spline.axis) is int
    if not arrays or not numbers or spline.extrapolate not in (True, False, "periodic"):
        raise ValueError("a spline of other types")
    return BSpline.construct_fast(
        spline.t, spline.c, spline.k, spline.extrapolate, spline.axis
    )
