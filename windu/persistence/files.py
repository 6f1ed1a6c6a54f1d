"""`save`, `load` and `load_part`: a run in one file, or in a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from windu.estimator import WinduEstimator
from windu.exceptions import PersistenceError
from windu.io.atomic_write import atomic_write
from windu.persistence.bundle import load_run, to_artifacts
from windu.persistence.format.container import pack
from windu.persistence.format.runs import open_path
from windu.persistence.format.signature import key_of
from windu.persistence.trust.inspection import load_part_of

__all__ = ["load", "load_part", "save"]

Key = bytes | str | Path | None


def save(
    estimator: Any,
    path: str | Path,
    *,
    example: Any = None,
    metrics: Mapping[str, Any] | None = None,
    stats: Mapping[str, Any] | None = None,
    omit: Collection[str] = (),
    key: Key = None,
) -> Path:
    """Write an estimator, or a fitted part of one, to a file or a folder.

    The artifacts are loaded again before they are kept, and must predict the same on
    the stored example.

    Parameters
    ----------
    estimator : WinduEstimator or scikit-learn estimator
        What to save.
    path : str or pathlib.Path
        With a suffix (``credit.windu``) one file; without, a new folder with one file
        an artifact. Written beside, then renamed.
    example : table of shape (n_rows, n_columns), default=None
        Rows to keep in the place of those of training, where these must not leave.
    metrics, stats : mapping, default=None
        Plain data to keep with it.
    omit : collection of {"featurizer", "transformer"}, default=()
        Parts whose function is not stored by its import path, such as one of a
        notebook, and is given again to `load`.
    key : bytes, str or pathlib.Path, default=None
        Signs the manifest: the key itself or a file that holds it; by default that of
        the environment variables ``WINDU_KEY`` or ``WINDU_KEY_FILE``. A secret, or the
        private key of ed25519 in PEM (``windu[ed25519]``).

    Returns
    -------
    pathlib.Path
        The file or folder.

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
    path = Path(path)
    one_file = bool(path.suffix)
    if one_file and path.is_dir():
        raise PersistenceError(
            f"The path to save to must be a file. Got the folder {str(path)!r}. Add a "
            "name, for instance model.windu."
        )
    if not one_file and path.exists():
        raise PersistenceError(
            f"A folder to save to must be a new one. Got {str(path)!r}, which is "
            "there. Choose another name; or give it a suffix, as in model.windu, for "
            "one file, which may be there."
        )
    description: dict[str, Any] = {
        "example": example,
        "metrics": metrics,
        "stats": stats,
    }
    artifacts = to_artifacts(estimator, **description, omit=omit, key=key_of(key))
    with atomic_write(path) as folder:
        written = folder / path.name
        if one_file:
            _write(pack(artifacts), written)
        else:
            written.mkdir()
            for name, data in artifacts.items():
                _write(data, written / name)
        written.replace(path)
    return path


def load(
    path: str | Path,
    *,
    trusted: Collection[str] = (),
    featurizer: Callable[..., Any] | None = None,
    transformer: Callable[..., Any] | None = None,
    key: Key = None,
) -> WinduEstimator:
    """Read what `save` wrote.

    Every byte is checked against the manifest before it is parsed, and nothing is built
    before every type is known to be trusted: by skops, by `trusted_types`, or by you.
    With other versions of the libraries, the stored example is predicted again and must
    come out the same.

    Parameters
    ----------
    path : str or pathlib.Path
        The file or folder.
    trusted : collection of str, default=()
        Full names of more types and functions that you have reviewed.
    featurizer, transformer : callable, default=None
        The function to use for a part that was a function.
    key : bytes, str or pathlib.Path, default=None
        The manifest must be signed with it; as in `save`. The public key of ed25519
        is enough.

    Returns
    -------
    WinduEstimator
        Fitted. What was saved as another object, such as a fitted transformer alone,
        comes back as that (for a type checker: ``cast(TextEncoder, load(path))``).

    Raises
    ------
    UntrustedTypesError
        If the file holds other types; they are listed.
    IntegrityError
        If it is damaged, or not signed with the key.
    VersionError
        If it predicts something else with the installed versions, or is of a newer
        format.
    PersistenceError
        If it is missing, or none of windu's.

    Examples
    --------
    >>> import windu
    >>> windu.load("nowhere.windu")
    Traceback (most recent call last):
    ...
    windu.exceptions.PersistenceError: The file 'nowhere.windu' must exist. ...
    """
    run = open_path(path, key=key_of(key))
    return load_run(
        run,
        trusted=trusted,
        featurizer=featurizer,
        transformer=transformer,
    )


def load_part(
    path: str | Path, part: str, *, trusted: Collection[str] = (), key: Key = None
) -> Any:
    """Read one artifact of what `save` wrote, and nothing else.

    Parameters
    ----------
    path : str or pathlib.Path
        The file or folder.
    part : str
        A fitted part (``"featurizer"``, ``"transformer"``, ``"label_encoder"``,
        ``"model"``, ``"threshold"``), ``"estimator"`` (not fitted), ``"schema"``,
        ``"feature_schema"``, ``"columns"``, ``"example"``, ``"expected"``,
        ``"metrics"``, ``"stats"``, ``"config"``, ``"environment"`` or ``"manifest"``.
    trusted : collection of str, default=()
        Full names of more types and functions that you have reviewed.
    key : bytes, str or pathlib.Path, default=None
        The manifest must be signed with it; as in `save`.

    Returns
    -------
    object
        An estimator, a pandera schema, a list of names, a frame, or plain data.

    Raises
    ------
    PersistenceError
        If there is no such part, and all that `load` raises.

    Examples
    --------
    >>> import tempfile, pathlib, windu
    >>> est = windu.WinduEstimator("linear").fit([[0.0], [1.0], [2.0]], [0, 0, 1])
    >>> path = windu.save(est, pathlib.Path(tempfile.mkdtemp()) / "steps.windu")
    >>> windu.load_part(path, "label_encoder").classes_
    array([0, 1])
    """
    run = open_path(path, key=key_of(key))
    return load_part_of(run, part, trusted=trusted)


def _write(data: bytes, file: Path) -> None:
    with file.open("wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())
