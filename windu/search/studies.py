"""The study of a search: opened, compared with what it was begun with, cleared up."""

from __future__ import annotations

import os
import secrets
import socket
import sqlite3
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from optuna.storages import BaseStorage, InMemoryStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import DBAPIError

from windu.estimator import WinduEstimator
from windu.estimator.digests import digest_of
from windu.exceptions import SearchError, StorageError
from windu.io.frames import as_frame
from windu.search.samplers import INTERRUPTED

if TYPE_CHECKING:
    from windu.search.folds import Job

__all__ = [
    "OWNER",
    "POINT",
    "RESULT",
    "digests_of",
    "end_interrupted",
    "finished",
    "is_interrupted",
    "open_storage",
    "open_study",
    "owner",
    "queue_next",
    "result_of",
    "set_user_attr",
    "take_over",
]


def set_user_attr(study: Study, trial: FrozenTrial, key: str, value: Any) -> None:
    """Say something about a trial that another process may have begun.

    Parameters
    ----------
    study : optuna.study.Study
        Of the trial.
    trial : optuna.trial.FrozenTrial
        Not finished.
    key : str
        What is said.
    value : object
        As JSON takes it.
    """
    study._storage.set_trial_user_attr(trial._trial_id, key, value)


#: User attribute of a study: digests of what it was begun with.
_BEGUN = "windu"
#: User attribute of a trial: the process that runs it.
OWNER = "owner"
#: User attribute of a trial: which of the points that are tried first it is.
POINT = "point"
#: User attribute of a trial: all that is kept of its folds, in one write.
RESULT = "result"
_DEFAULT_NAME = "windu"
#: How the name of a file ends that is a journal; other paths are SQLite files.
_JOURNAL = ".journal"
#: Seconds until the lock of a journal is taken from a process that was killed. Each
#: write is short.
_GRACE = 5
#: Seconds that a writer waits for another on one SQLite file.
_PATIENCE = 60
#: Times that tables are made which another process makes at the same time.
_TRIES = 10
_RACES = ("already exists", "unique constraint", "duplicate key")
#: How to say each digest, and the way out.
_WORDS = {
    "table": "the table, the target or the metadata",
    "estimator": "the estimator",
    "space": "the space",
    "scoring": "the scoring",
    "folds": "the folds (a splitter that shuffles needs a random_state)",
}


def open_study(
    storage: Any,
    study_name: str | None,
    sampler: Any,
    pruner: Any,
    begun_with: Mapping[str, str | None],
) -> Study:
    """Return the study of a storage, made if it is not there.

    Parameters
    ----------
    storage : str, pathlib.Path, BaseStorage, Study or None
        A plain path is an SQLite file, a URL one of optuna's; None is memory. A study
        comes back as it is, with sampler and pruner of its own.
    study_name : str or None
        None is ``"windu"``.
    sampler, pruner : object
        Of optuna.
    begun_with : mapping of str to str or None
        Digests of what all trials have in common. None is not compared.

    Returns
    -------
    optuna.study.Study
        That maximises.

    Raises
    ------
    SearchError
        If the study was begun with something else.
    StorageError
        If the storage cannot be opened.
    """
    if isinstance(storage, Study):
        if storage.direction != StudyDirection.MAXIMIZE:
            raise SearchError(
                "The direction of study must be 'maximize'. Got 'minimize'. The larger "
                "score is the better one: optuna.create_study(direction='maximize')."
            )
        _compare(storage, begun_with)
        return storage
    opened = open_storage(storage)
    with _quiet():
        try:
            study = optuna.create_study(
                storage=opened,
                study_name=study_name or _DEFAULT_NAME,
                direction="maximize",
                sampler=sampler,
                pruner=pruner,
                load_if_exists=True,
            )
        except Exception as error:
            raise StorageError(
                f"The storage of the search cannot be used: {type(error).__name__}. "
                "Check that it is there, can be written, and is one of optuna's."
            ) from error
    _compare(study, begun_with)
    return study


def open_storage(storage: Any) -> BaseStorage:
    """Return the storage of a path or a URL; what is one comes back as it is."""
    if storage is None:
        return InMemoryStorage()
    if isinstance(storage, BaseStorage):
        return storage
    if not isinstance(storage, (str, os.PathLike)):
        raise SearchError(
            "storage must be the path of an SQLite file or a journal, a URL, or a "
            f"storage of optuna. Got {storage!r}."
        )
    place = os.fspath(storage)
    if "://" not in place:
        path = Path(place).absolute()
        if not path.parent.is_dir():
            raise StorageError(
                f"The folder of a storage must be there. Got {str(path.parent)!r}. "
                "Make it first."
            )
        place = str(path) if path.suffix == _JOURNAL else f"sqlite:///{path}"
    options: dict[str, Any] = {}
    if place.startswith("sqlite"):
        options["connect_args"] = {"timeout": _PATIENCE, "factory": _Connection}
    try:
        with _quiet():
            return _open(place, options)
    except Exception as error:
        # The text of a URL may hold a password.
        shown = place if "@" not in place else place.partition("://")[0] + "://..."
        raise StorageError(
            f"The storage {shown!r} cannot be opened: {type(error).__name__}. A path "
            f"must be an SQLite file of optuna, a journal of optuna ({_JOURNAL}), or a "
            "new one; a URL one that SQLAlchemy knows, with its driver installed."
        ) from error


def _open(place: str, options: dict[str, Any]) -> BaseStorage:
    if "://" not in place:
        lock = JournalFileSymlinkLock(place, grace_period=_GRACE)
        return JournalStorage(JournalFileBackend(place, lock))
    for tries_left in reversed(range(_TRIES)):
        try:
            storage = RDBStorage(place, engine_kwargs=options)
            # optuna leaves open what it has connected to.
            weakref.finalize(storage, storage.engine.dispose)
            return storage
        except DBAPIError as error:
            # Another process makes the same tables just now.
            message = str(error.orig).lower()
            if not tries_left or not any(word in message for word in _RACES):
                raise
            time.sleep(0.2)
    raise AssertionError


class _Connection(sqlite3.Connection):
    """A connection that writes a log beside the file, and waits less for the disk."""

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        # A trial is many transactions. A process that is killed loses none of them.
        # Where the file system has no such log, the file is written as ever.
        with suppress(sqlite3.OperationalError):
            self.execute("PRAGMA journal_mode=WAL")
            self.execute("PRAGMA synchronous=NORMAL")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep optuna from telling on the error stream what `verbose` may tell."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def _compare(study: Study, begun_with: Mapping[str, str | None]) -> None:
    begun_before = study.user_attrs.get(_BEGUN)
    if begun_before is None:
        if study.get_trials(deepcopy=False):
            raise SearchError(
                f"The study {study.study_name!r} must be one of windu. Got one with "
                "trials of something else. Pass another study_name."
            )
        study.set_user_attr(_BEGUN, dict(begun_with))
        return
    changed = [
        words
        for name, words in _WORDS.items()
        if None not in (begun_before.get(name), begun_with.get(name))
        and begun_before[name] != begun_with[name]
    ]
    if changed:
        raise SearchError(
            f"A search must go on with what it was begun with. In {study.study_name!r} "
            f"there has changed: {'; '.join(changed)}. Change it back, or pass another "
            "study_name to begin anew beside it."
        )


def digests_of(
    job: Job, space: Any, scoring: Any, params: Mapping[str, Any]
) -> dict[str, str | None]:
    """Return digests of what all trials of a search have in common."""
    X = as_frame(job.X) if isinstance(job.estimator, WinduEstimator) else job.X
    return {
        "table": digest_of(X, job.y, dict(params)),
        "estimator": digest_of(job.estimator),
        "space": digest_of(space),
        "scoring": digest_of(scoring),
        "folds": digest_of(job.splits),
    }


def owner() -> dict[str, Any]:
    """Return what tells this process and this search from others."""
    return {
        "host": socket.gethostname(),
        "process": os.getpid(),
        "search": secrets.token_hex(8),
    }


def take_over(study: Study, mine: Mapping[str, Any]) -> None:
    """End the trials whose process is gone, and queue them again.

    The heartbeats of optuna tell it only after minutes, and not of journals.

    Parameters
    ----------
    study : optuna.study.Study
        Any. A trial of another machine is left alone: whether it still runs cannot be
        seen from here.
    mine : mapping
        As from `owner`.
    """
    for trial in study.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
        if _is_gone(trial.user_attrs.get(OWNER), mine):
            end_interrupted(study, trial.number)


def end_interrupted(study: Study, number: int) -> None:
    """End a trial that was stopped from outside, and queue it again.

    Parameters
    ----------
    study : optuna.study.Study
        Any.
    number : int
        Of the trial. One that has ended is left as it is.
    """
    trial = study.get_trials(deepcopy=False)[number]
    try:
        set_user_attr(study, trial, INTERRUPTED, True)
        study.tell(number, state=TrialState.FAIL)
    except (RuntimeError, ValueError):
        if not study.get_trials(deepcopy=False)[number].state.is_finished():
            raise
        # Another process was faster, and has queued it.
        return
    # What was queued for it, also where it was not asked for everything.
    params = {**trial.system_attrs.get("fixed_params", {}), **trial.params}
    if params:
        point = {key: trial.user_attrs[key] for key in {POINT} & {*trial.user_attrs}}
        study.enqueue_trial(params, user_attrs=point)


def is_interrupted(study: Study, number: int) -> bool:
    """Tell whether a trial was ended from outside, by another process perhaps.

    Parameters
    ----------
    study : optuna.study.Study
        Any.
    number : int
        Of the trial.

    Returns
    -------
    bool
        False while it is running.
    """
    trial = study.get_trials(deepcopy=False)[number]
    return trial.state.is_finished() and INTERRUPTED in trial.user_attrs


def queue_next(study: Study, points: Sequence[Mapping[str, Any]]) -> bool:
    """Queue the next of the points that are tried before anything is sampled.

    One at a time: so a trial that was stopped is made again before the others.

    Parameters
    ----------
    study : optuna.study.Study
        Any.
    points : sequence of mapping
        What the trials shall hold; what a point leaves out is sampled.

    Returns
    -------
    bool
        Whether there is something to try: a point, or a trial that waits.
    """
    trials = study.get_trials(deepcopy=False)
    if any(trial.state == TrialState.WAITING for trial in trials):
        return True
    queued = {trial.user_attrs.get(POINT) for trial in trials}
    # Those of a study that was begun with a sampler have no number.
    sampled = {
        frozenset(trial.params.items())
        for trial in trials
        if POINT not in trial.user_attrs and INTERRUPTED not in trial.user_attrs
    }
    for number, point in enumerate(points):
        if number not in queued and frozenset(point.items()) not in sampled:
            study.enqueue_trial(dict(point), user_attrs={POINT: number})
            return True
    return False


def _is_gone(owner_known: Mapping[str, Any] | None, mine: Mapping[str, Any]) -> bool:
    if owner_known is None:
        # Its process ended between asking for it and signing it.
        return True
    if owner_known["host"] != mine["host"] or owner_known["search"] == mine["search"]:
        return False
    if owner_known["process"] == mine["process"]:
        return True
    try:
        os.kill(owner_known["process"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False


def result_of(trial: FrozenTrial) -> dict[str, Any]:
    """Return what is kept of a trial: scores, times, rounds, latency, size, error."""
    return trial.user_attrs.get(RESULT, {})


def finished(study: Study) -> list[FrozenTrial]:
    """Return the trials that count: all that ended, but for those made again."""
    states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
    return [
        trial
        for trial in study.get_trials(deepcopy=False, states=states)
        if INTERRUPTED not in trial.user_attrs
    ]
