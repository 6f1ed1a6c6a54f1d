"""The protocol of a storage target: five operations and their errors."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from windu.exceptions import IntegrityError, StorageError, WinduError

__all__ = ["Listed", "Target", "guarded", "scrub", "too_large"]

_P = ParamSpec("_P")
_R = TypeVar("_R")

#: The user, and often the password, of a URL.
_USERINFO = re.compile(r"(?<=://)[^/\s'\"]*@")


@dataclass(frozen=True)
class Listed:
    """A stored file.

    Attributes
    ----------
    bytes : int
        Its size.
    modified : float or None
        When it was written, in seconds of the Unix epoch, where the target tells.
    """

    bytes: int
    modified: float | None


class Target(Protocol):
    """A place for files. Keys are names with ``/`` between them.

    Each file is there whole or not at all, whenever a process stops.
    """

    @property
    def label(self) -> str:
        """The name of the target in messages, without credentials."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that must not appear in messages."""

    def read(self, key: str, cap: int) -> bytes:
        """Return a file of at most `cap` bytes, or raise FileNotFoundError."""

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write files one after the other; one that is there is replaced."""

    def create(self, key: str, data: bytes) -> None:
        """Write one file, or raise FileExistsError: of many writers one wins."""

    def delete(self, keys: Iterable[str]) -> None:
        """Remove files one after the other; one that is not there is no error."""

    def list(self, folder: str) -> dict[str, Listed]:
        """Return the files in a folder and its folders; none if it is not there."""


def guarded(
    doing: str,
) -> Callable[[Callable[Concatenate[Any, _P], _R]], Callable[Concatenate[Any, _P], _R]]:
    """Make a method of a target raise every failure as a `StorageError`.

    Parameters
    ----------
    doing : str
        What the target must be, for instance ``"readable"``.

    Returns
    -------
    callable
        The decorator.
    """

    def decorate(
        method: Callable[Concatenate[Any, _P], _R],
    ) -> Callable[Concatenate[Any, _P], _R]:
        @functools.wraps(method)
        def wrapper(self: Any, *args: _P.args, **kwargs: _P.kwargs) -> _R:
            try:
                return method(self, *args, **kwargs)
            except WinduError:
                raise
            except (FileExistsError, FileNotFoundError) as error:
                failure = _signal(self, doing, error)
            except Exception as error:
                failure = _failure(self, doing, error)
            # Outside of the handler: the first error, which may hold credentials,
            # is not chained.
            raise failure

        return wrapper

    return decorate


def _signal(target: Target, doing: str, error: OSError) -> Exception:
    """Return the error as it is where it is an answer: not there, or there already."""
    if isinstance(error, FileNotFoundError) and doing == "readable":
        return FileNotFoundError(scrub(str(error), target.secrets))
    if isinstance(error, FileExistsError) and doing == "claimable":
        return FileExistsError(scrub(str(error), target.secrets))
    return _failure(target, doing, error)


def _failure(target: Target, doing: str, error: Exception) -> StorageError:
    text = scrub(f"{type(error).__name__}: {error}", target.secrets)
    must = "writable" if doing == "claimable" else doing
    failure = StorageError(
        f"The storage target {target.label!r} must be {must}. Got {text}. What was "
        "stored before is still there; try again when the target is well."
    )
    failure.errno = getattr(error, "errno", None)
    return failure


def too_large(label: str, key: str, cap: int) -> IntegrityError:
    """Return the error for a file of more than `cap` bytes."""
    return IntegrityError(
        f"{key!r} in {label!r} must have at most {cap} bytes. It has more: it was "
        "edited, or is none of windu's. Get a whole copy."
    )


def scrub(text: str, secrets: Iterable[str]) -> str:
    """Return a text without credentials.

    Parameters
    ----------
    text : str
        Any text.
    secrets : iterable of str
        What must not stand in it, beside the user and password of URLs.

    Returns
    -------
    str
        The text with ``***`` in their places.
    """
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return _USERINFO.sub("***@", text)
