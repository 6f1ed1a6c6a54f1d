"""Time zones by name, of those names that read no file of their own choice."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

__all__ = ["check_zone", "zone_of"]

_FIXED_ZONE = re.compile(r"UTC([+-])(\d\d):(\d\d)")
# Some libraries read a file where a zone begins with a slash or with "dateutil".
_NAMED_ZONE = re.compile(
    r"(?!dateutil)[A-Za-z][\w+-]{0,30}(/[A-Za-z][\w+-]{0,30}){0,2}"
)


def check_zone(zone: str) -> str:
    """Return the name of a time zone, if it is one that reads no file of its choice.

    Parameters
    ----------
    zone : str
        Such as ``"Europe/Berlin"``, ``"UTC"``, ``"UTC+01:00"``.

    Returns
    -------
    str
        The same.

    Raises
    ------
    ValueError
        For anything else.
    """
    if zone == "UTC" or _FIXED_ZONE.fullmatch(zone):
        return zone
    if not _NAMED_ZONE.fullmatch(zone):
        raise ValueError(f"the time zone {zone!r}, which has no plain name")
    try:
        ZoneInfo(zone)
    except (LookupError, ValueError, OSError) as error:
        raise ValueError(f"the time zone {zone!r}, which nobody knows") from error
    return zone


def zone_of(name: str) -> tzinfo:
    """Return a time zone.

    Parameters
    ----------
    name : str
        As for `check_zone`.
    """
    if fixed := _FIXED_ZONE.fullmatch(check_zone(name)):
        sign, hours, minutes = fixed.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        return timezone(-offset if sign == "-" else offset)
    return UTC if name == "UTC" else ZoneInfo(name)
