"""Objects to skops files and back: dump, audit, construct."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection
from typing import Any
from zipfile import ZIP_DEFLATED

import skops.io
from sklearn.exceptions import InconsistentVersionWarning

from windu.exceptions import IntegrityError, PersistenceError, UntrustedTypesError
from windu.persistence.flavors import from_native, opaque_in, to_native
from windu.persistence.format.container import (
    check_archive,
    check_cost,
    check_roles,
    tree_of,
    without_arrays,
)
from windu.persistence.integrity import check_structure
from windu.persistence.packing import pack, unpack
from windu.persistence.substitution import substitute
from windu.persistence.trust import TRUSTED
from windu.persistence.trust.storable import check_storable, misplaced, path_to

__all__ = ["build", "check_trusted", "does_not_load", "dump", "types_in"]


def dump(
    obj: Any, store: Callable[[str, bytes], str], compresslevel: int | None = None
) -> bytes:
    """Return an object as a skops file.

    Parameters
    ----------
    obj : object
        Without functions of a user's own.
    store : callable
        Keeps what another library wrote: given a suffix and bytes, it returns the name
        of the artifact.
    compresslevel : int or None, default=None
        From 0 to 9, of zlib; None for its own.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    PersistenceError
        If skops cannot store it.
    """
    plain = obj
    try:
        plain = substitute(obj, lambda part: pack(to_native(part, store)))
        check_storable(plain)
        return skops.io.dumps(
            plain, compression=ZIP_DEFLATED, compresslevel=compresslevel
        )
    except PersistenceError:
        raise
    except Exception as error:
        raise PersistenceError(
            "What is saved must be made of parts that skops can store. Got "
            f"{path_to(plain, _cannot_be_stored)}: {type(error).__name__}: "
            f"{str(error).rstrip('.')}. "
            "Use another part, or store this one in its library's own format."
        ) from error


def does_not_load(obj: Any) -> bool:
    """Tell whether an object cannot be stored or loaded.

    Parameters
    ----------
    obj : object
        Without functions of a user's own, and columns of pandas.

    Returns
    -------
    bool
        By doing it.
    """
    files: dict[str, bytes] = {}

    def store(suffix: str, data: bytes) -> str:
        name = f"{len(files)}{suffix}"
        files[name] = data
        return name

    try:
        data = dump(obj, store)
        types = types_in(data, "")
        trusted = [*types, *misplaced(obj), *opaque_in(files)]
        build(data, types, trusted, "", files.__getitem__)
    except Exception:
        return True
    return False


def _cannot_be_stored(obj: Any) -> bool:
    try:
        skops.io.dumps(obj)
    except Exception:
        return True
    return False


def types_in(data: bytes, source: str) -> list[str]:
    """Return the types in a skops file that skops does not trust by itself.

    Parameters
    ----------
    data : bytes
        The file; nothing of it is built.
    source : str
        What it is called in messages.

    Returns
    -------
    list of str
        Full names.

    Raises
    ------
    IntegrityError
        If it is none.
    """
    check_archive(data, source)
    check_cost(_readable(lambda: tree_of(data), source), source)
    return _readable(
        lambda: skops.io.get_untrusted_types(data=without_arrays(data)), source
    )


def check_trusted(
    types: Collection[str], trusted: Collection[str], source: str
) -> None:
    """Raise if types are trusted neither by windu nor by the caller.

    Parameters
    ----------
    types : collection of str
        As `types_in` gives them.
    trusted : collection of str
        What the caller names.
    source : str
        What it is called in messages.

    Raises
    ------
    UntrustedTypesError
        With the list.
    """
    unknown = sorted(set(types) - TRUSTED - set(trusted))
    if unknown:
        raise UntrustedTypesError(
            f"Every type in {source} must be trusted. Got {unknown}. Review them: "
            "building one may run code of its module. Then pass trusted=[...] with "
            "their names.",
            unknown,
        )


def build(
    data: bytes,
    types: Collection[str],
    trusted: Collection[str],
    source: str,
    get: Callable[[str], bytes],
) -> Any:
    """Return the object of a skops file whose types were reviewed.

    Parameters
    ----------
    data : bytes
        The file.
    types : collection of str
        The types that may be built besides those that skops trusts.
    trusted : collection of str
        What the caller names; these may stand anywhere.
    source : str
        What it is called in messages.
    get : callable
        Returns the bytes of an artifact that `put` of `dump` kept.

    Returns
    -------
    object
        Its fitted structures are safe to predict with.

    Raises
    ------
    PersistenceError
        If it cannot be built, or would crash.
    UntrustedTypesError
        If a function stands where windu does not know it.
    """
    check_roles(tree_of(data), source)
    with warnings.catch_warnings():
        # The replay of the example shows whether other versions predict the same.
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        unpacked = _readable(lambda: skops.io.loads(data, trusted=list(types)), source)
        loaded = _readable(
            lambda: substitute(
                unpacked, lambda part: unpack(from_native(part, get, trusted))
            ),
            source,
        )
    wrong_places = _readable(lambda: misplaced(loaded), source)
    places = {k: v for k, v in wrong_places.items() if k not in trusted}
    if places:
        listed = ", ".join(f"{name} as {place}" for name, place in places.items())
        raise UntrustedTypesError(
            f"A function in {source} must stand where scikit-learn puts it. Got "
            f"{listed}. Review what it is called with there, then pass "
            f"trusted={sorted(places)}.",
            sorted(places),
        )
    _readable(lambda: check_structure(loaded), source)
    return loaded


def _readable(read: Callable[[], Any], source: str) -> Any:
    try:
        return read()
    except (PersistenceError, KeyboardInterrupt):
        raise
    except Exception as error:
        raise IntegrityError(
            f"{source} cannot be read: {type(error).__name__}: {error}. It is damaged, "
            "or was written by other versions of skops and scikit-learn."
        ) from error
