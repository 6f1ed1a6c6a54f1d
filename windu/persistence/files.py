"""`save` and `load`: one estimator or part, one file."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Collection
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, is_zipfile

import skops.io

from windu.exceptions import PersistenceError, UntrustedTypesError, WinduWarning
from windu.persistence.flavors import from_native, to_native
from windu.persistence.functions import bind, detach
from windu.persistence.packing import pack, unpack
from windu.persistence.schemas import check_same_schemas, check_schemas
from windu.persistence.structure import check_structure
from windu.persistence.substitution import substitute
from windu.persistence.trust import TRUSTED
from windu.persistence.verification import check_same

__all__ = ["load", "save"]


def save(estimator: Any, path: str | Path) -> Path:
    """Write an estimator, or a fitted part of one, to a file.

    The bytes are loaded again before they are kept, and must predict the same on the
    stored example.

    Parameters
    ----------
    estimator : WinduEstimator or scikit-learn estimator
        What to save.
    path : str or pathlib.Path
        The file; written beside, then renamed.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    PersistenceError
        For what could not be loaded again, in another process or at all.

    Examples
    --------
    >>> import tempfile, pathlib, windu
    >>> est = windu.WinduEstimator("linear").fit([[0.0], [1.0], [2.0]], [0, 0, 1])
    >>> path = windu.save(est, pathlib.Path(tempfile.mkdtemp()) / "steps.windu")
    >>> windu.load(path).predict([[2.0]])
    array([1])
    """
    check_schemas(estimator)
    data = _dumped(estimator)
    untrusted = skops.io.get_untrusted_types(data=data)
    local = [name for name in untrusted if name.startswith("__main__.") or "<" in name]
    if local:
        raise PersistenceError(
            "Everything in a saved estimator must be importable from a module. Got "
            f"{local}. Move it to a module (a file features.py) and import it."
        )
    try:
        again = _restored(skops.io.loads(data, trusted=untrusted))
    except Exception as error:
        raise PersistenceError(
            f"What is saved must load again. Got {type(error).__name__}: {error}. A "
            "part of the estimator holds something that skops cannot restore; keep "
            "arrays, numbers and texts in fitted parts."
        ) from error
    check_same(detach(estimator), again)
    check_same_schemas(estimator, again)
    unknown = sorted(set(untrusted) - TRUSTED)
    if unknown:
        warnings.warn(
            f"load will ask whether to trust {unknown}. Pass load(path, trusted=[...]) "
            "with these names, or use parts that windu knows.",
            WinduWarning,
            stacklevel=2,
        )
    path = Path(path)
    if path.is_dir():
        raise PersistenceError(
            f"The path to save to must be a file. Got the folder {str(path)!r}. Add a "
            "name, for instance model.windu."
        )
    _write(data, path)
    return path


def load(
    path: str | Path,
    *,
    trusted: Collection[str] = (),
    featurizer: Callable[..., Any] | None = None,
    transformer: Callable[..., Any] | None = None,
) -> Any:
    """Read what `save` wrote.

    Nothing is built before every type in the file is known to be trusted: by skops, by
    `trusted_types`, or by you.

    Parameters
    ----------
    path : str or pathlib.Path
        The file.
    trusted : collection of str, default=()
        Full names of more types and functions that you have reviewed.
    featurizer, transformer : callable, default=None
        The function to use for a part that was a function.

    Returns
    -------
    object
        The estimator or part.

    Raises
    ------
    UntrustedTypesError
        If the file holds other types; they are listed.
    PersistenceError
        If the file is missing, damaged, or none of windu's.

    Examples
    --------
    >>> import windu
    >>> windu.load("nowhere.windu")
    Traceback (most recent call last):
    ...
    windu.exceptions.PersistenceError: The file 'nowhere.windu' must exist. ...
    """
    if isinstance(trusted, str):
        raise PersistenceError(
            f"trusted must be a list of names. Got the text {trusted!r}; pass "
            f"[{trusted!r}]."
        )
    path = Path(path)
    if not path.is_file():
        raise PersistenceError(
            f"The file {str(path)!r} must exist. Got "
            f"{'a folder' if path.is_dir() else 'none'}. Check the path."
        )
    data = path.read_bytes()
    if not is_zipfile(BytesIO(data)):
        raise PersistenceError(
            f"The file {str(path)!r} must be one that windu.save wrote. Got something "
            "else, or a part of it. Get a whole copy."
        )
    found = _readable(lambda: skops.io.get_untrusted_types(data=data), path)
    unknown = sorted(set(found) - TRUSTED - set(trusted))
    if unknown:
        raise UntrustedTypesError(
            f"Every type in {str(path)!r} must be trusted. Got {unknown}. Review them: "
            "building one may run code of its module. Then pass trusted=[...] with "
            "their names.",
            unknown,
        )
    loaded = _readable(lambda: skops.io.loads(data, trusted=found), path)
    loaded = _restored(loaded)
    check_structure(loaded)
    return bind(loaded, trusted, {"featurizer": featurizer, "transformer": transformer})


def _dumped(estimator: Any) -> bytes:
    try:
        plain = substitute(detach(estimator), lambda held: pack(to_native(held)))
        return skops.io.dumps(plain, compression=ZIP_DEFLATED)
    except PersistenceError:
        raise
    except Exception as error:
        raise PersistenceError(
            f"What is saved must be made of parts that skops can store. Got "
            f"{type(error).__name__}: {error}. Use another part, or store this one in "
            "its library's own format."
        ) from error


def _restored(loaded: Any) -> Any:
    """Put models and trees in the place of what stands for them."""
    return substitute(loaded, lambda held: unpack(from_native(held)))


def _readable(read: Callable[[], Any], path: Path) -> Any:
    try:
        return read()
    except Exception as error:
        raise PersistenceError(
            f"The file {str(path)!r} cannot be read: {type(error).__name__}: {error}. "
            "It is damaged, or was written by other versions of skops and scikit-learn."
        ) from error


def _write(data: bytes, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise PersistenceError(
            f"The folder of {str(path)!r} must be writable. Got: {error}."
        ) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).replace(path)
    except OSError as error:
        raise PersistenceError(
            f"{str(path)!r} must be writable. Got: {error}. An earlier file of this "
            "name is still whole."
        ) from error
    finally:
        Path(beside).unlink(missing_ok=True)
