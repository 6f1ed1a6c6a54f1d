"""`Metastore`: where runs live."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from windu.estimator import WinduEstimator
from windu.exceptions import MetastoreError
from windu.metastore.copies import Copies, Problem, warn_of_failed, warn_of_problems
from windu.metastore.describing import describe
from windu.metastore.finding import check_known, find
from windu.metastore.places import Place, open_targets
from windu.metastore.records import check_alias, check_name, read_reference
from windu.metastore.saving import StoredRun, join, lost, set_alias, store_files
from windu.metastore.tables import compare, describe_run, lineage, runs_table, select
from windu.metastore.upkeep import check_all, collect, delete_run, move_alias, sync
from windu.persistence.bundle import load_run, to_artifacts
from windu.persistence.format.runs import Run
from windu.persistence.format.signature import key_of
from windu.persistence.trust.inspection import load_part_of

__all__ = ["Metastore"]

_ID = re.compile(r"[0-9]{8}T[0-9]{12}-[0-9a-f]{8}")


class Metastore:
    """Runs with names, versions, aliases, metrics and tags, on one target or several.

    Parameters
    ----------
    target : str or path
        Where runs live: a folder, a file with the suffix ``.zip``, or a URL such as
        ``s3://bucket/models``, ``gs://``, ``az://``, ``sftp://`` or ``memory://``.
        Versions are given here. Made at the first save.
    mirrors : sequence of str, path or tuple, default=()
        More targets that get a copy of everything; as a pair ``(url, options)`` with
        storage options of its own.
    key : bytes, str or pathlib.Path, default=None
        Signs what is written, and what is read must be signed with it: the key itself
        or its file; by default that of ``WINDU_KEY`` or ``WINDU_KEY_FILE``.
    storage_options : mapping, default=None
        Options of fsspec's file system for `target`, for instance credentials. They are
        never shown.

    Examples
    --------
    >>> import windu
    >>> from windu.metastore import Metastore
    >>> est = windu.WinduEstimator("linear").fit([[0.0], [1.0], [2.0]], [0, 0, 1])
    >>> store = Metastore("memory://models")
    >>> run = store.save(est, "steps", metrics={"accuracy": 1.0}, alias="production")
    >>> run.reference
    'steps@1'
    >>> store.load("steps@production").predict([[2.0]])
    array([1])
    >>> store.runs()[["reference", "aliases", "metrics.accuracy"]]
      reference     aliases  metrics.accuracy
    0   steps@1  production               1.0
    """

    def __init__(
        self,
        target: Place,
        mirrors: Sequence[Place | tuple[Place, Mapping[str, Any]]] = (),
        *,
        key: bytes | str | Path | None = None,
        storage_options: Mapping[str, Any] | None = None,
    ):
        targets = open_targets(target, mirrors, storage_options)
        self._copies = Copies(targets, key_of(key))

    def __repr__(self) -> str:
        first, *mirrors = (target.label for target in self._copies.targets)
        return f"Metastore({first!r}{f', mirrors={mirrors}' if mirrors else ''})"

    def save(
        self,
        estimator: Any,
        name: str | None = None,
        *,
        metrics: Mapping[str, Any] | None = None,
        stats: Mapping[str, Any] | None = None,
        tags: Mapping[str, str | int | float | bool] | None = None,
        alias: str | None = None,
        parent: str | None = None,
        data: pd.DataFrame | str | None = None,
        config: Mapping[str, Any] | str | None = None,
        example: Any = None,
        omit: Collection[str] = (),
    ) -> StoredRun:
        """Store an estimator, or a fitted part of one, as the next version of a name.

        The files are written first, the manifest after them, and the version last: a
        run is there whole or not at all.

        Parameters
        ----------
        estimator : WinduEstimator or scikit-learn estimator
            What to store.
        name : str, default=None
            1 to 100 of ``A-Z a-z 0-9 . _ -``; None takes that of the parent.
        metrics, stats : mapping, default=None
            Plain data to keep with it; metrics that are numbers stand in `runs`.
        tags : mapping, default=None
            Names and texts, numbers or booleans, by which runs are found.
        alias : str, default=None
            An alias that means this version from now on.
        parent : str, default=None
            The run that this one was made from.
        data : DataFrame or str, default=None
            The training table, of which a digest is kept, or such a digest.
        config : mapping or str, default=None
            The configuration that it was made with; a text is the artifact "config".
        example : table of shape (n_rows, n_columns), default=None
            Rows to keep in the place of those of training.
        omit : collection of {"featurizer", "transformer"}, default=()
            Parts whose function is given again to `load`.

        Returns
        -------
        StoredRun
            Its id, name and version. A warning names the targets that did not answer.

        Raises
        ------
        PersistenceError
            For what could not be loaded again.
        StorageError
            If no target could be written, and nothing was stored.
        """
        copies = self._copies
        made_from = None if parent is None else self.find(parent)
        if name is None:
            name = None if made_from is None else made_from.name
        if name is None:
            raise MetastoreError(
                "A run must have a name. Got none, and no parent to take it from. "
                "Pass name='credit'."
            )
        if _ID.fullmatch(check_name(name)):
            raise MetastoreError(
                f"A name must not look like the id of a run. Got {name!r}."
            )
        if alias is not None:
            check_alias(alias)
        text = config if isinstance(config, str) else None
        description = describe(estimator, metrics, tags, data, None if text else config)
        if made_from is not None:
            description["parent"] = made_from.id
        join(copies)
        files = to_artifacts(
            estimator,
            example=example,
            metrics=metrics,
            stats=stats,
            lineage={"name": name, **description},
            omit=omit,
            key=copies.key,
            config=text,
        )
        stored, failed = store_files(copies, name, alias, files)
        warn_of_failed(failed, f"The run {stored.reference!r}", 2)
        return stored

    def load(
        self,
        reference: str,
        *,
        trusted: Collection[str] = (),
        featurizer: Callable[..., Any] | None = None,
        transformer: Callable[..., Any] | None = None,
    ) -> WinduEstimator:
        """Return a stored estimator or part.

        Every file is verified before it is used. It comes from the first target that
        has the run whole; a warning names those before it.

        Parameters
        ----------
        reference : str
            ``"credit@3"``, ``"credit@production"``, ``"credit"`` for the latest
            version, or the id of a run.
        trusted : collection of str, default=()
            Full names of more types and functions that you have reviewed.
        featurizer, transformer : callable, default=None
            The function to use for a part that was a function.

        Returns
        -------
        object
            As `windu.load` returns it.

        Raises
        ------
        NotStoredError
            If there is no such run.
        IntegrityError
            If no target has it whole.
        UntrustedTypesError
            If it holds types that are not trusted; they are listed.
        """
        functions = {"featurizer": featurizer, "transformer": transformer}
        return self._read(
            reference, lambda run: load_run(run, trusted=trusted, **functions), level=3
        )

    def load_part(
        self, reference: str, part: str, *, trusted: Collection[str] = ()
    ) -> Any:
        """Return one part of a stored run; nothing else of it is read.

        Parameters
        ----------
        reference : str
            As in `load`.
        part : str
            As in `windu.load_part`: ``"model"``, ``"transformer"``, ``"metrics"``, ...
        trusted : collection of str, default=()
            Full names of more types and functions that you have reviewed.

        Returns
        -------
        object
            The part.
        """
        return self._read(
            reference, lambda run: load_part_of(run, part, trusted=trusted), level=3
        )

    def open(self, reference: str) -> Run:
        """Return a stored run, whose artifacts are read when they are asked for.

        Parameters
        ----------
        reference : str
            As in `load`.

        Returns
        -------
        Run
            With its manifest.
        """
        return self._read(reference, lambda run: run, level=3)

    def find(self, reference: str) -> StoredRun:
        """Return the id, name and version that a reference means.

        Parameters
        ----------
        reference : str
            As in `load`.

        Returns
        -------
        StoredRun
            Its version is None where the id of a run was given.
        """
        problems: list[Problem] = []
        stored = find(self._copies, reference, problems)
        warn_of_problems(problems, 2)
        return stored

    def alias(self, reference: str, alias: str) -> StoredRun:
        """Let an alias mean a version, whatever it meant before.

        Parameters
        ----------
        reference : str
            A version, as in `load`.
        alias : str
            For instance ``"production"``; not a number, and not ``"latest"``.

        Returns
        -------
        StoredRun
            What it means now.
        """
        check_alias(alias)
        stored = self.find(reference)
        failed = move_alias(self._copies, stored, alias)
        warn_of_failed(failed, f"The alias {alias!r}", 2)
        return stored

    def remove_alias(self, reference: str) -> None:
        """Let an alias mean nothing any more; the run stays.

        Parameters
        ----------
        reference : str
            ``"credit@production"``.
        """
        read = read_reference(reference)
        if read.alias is None:
            raise MetastoreError(
                f"What is removed must be an alias, written as 'credit@production'. "
                f"Got {reference!r}."
            )
        self.find(reference)
        failed = set_alias(self._copies, read.name, read.alias, None)
        warn_of_failed(failed, f"The removal of {reference!r}", 2)

    def runs(
        self,
        name: str | None = None,
        *,
        tags: Mapping[str, Any] | None = None,
        since: Any = None,
        where: str | None = None,
        sort_by: str = "run",
        ascending: bool = False,
    ) -> pd.DataFrame:
        """Return the stored runs as a table, the newest first.

        Parameters
        ----------
        name : str, default=None
            Only versions of this name.
        tags : mapping, default=None
            Only runs with these tags.
        since : str or datetime, default=None
            Only runs from this time on; UTC where it says nothing else.
        where : str, default=None
            A condition as in `DataFrame.query`, such as ``"`metrics.roc_auc` > 0.8"``.
        sort_by : str, default="run"
            A column; ids sort by time.
        ascending : bool, default=False
            The order.

        Returns
        -------
        DataFrame
            Reference, name, version, aliases, run, created, task, parent, bytes, and a
            column for each metric (``metrics.roc_auc``) and tag (``tags.team``).
        """
        problems: list[Problem] = []
        if name is not None:
            # An unknown name is an error, as everywhere.
            check_known(self._copies, check_name(name), problems)
        frame = runs_table(self._copies, problems, name)
        chosen = select(frame, tags, since, where, sort_by, ascending)
        warn_of_problems(problems, 2)
        return chosen

    def compare(self, one: str, other: str) -> pd.DataFrame:
        """Return two runs side by side.

        Parameters
        ----------
        one, other : str
            References as in `load`.

        Returns
        -------
        DataFrame
            All metrics, and what differs in tags, parameters, configuration, versions
            of libraries, schema and sizes; indexed by ``about`` and ``item``.
        """
        if one == other:
            raise MetastoreError(f"compare needs two runs. Got {one!r} twice.")
        problems: list[Problem] = []
        stored = [find(self._copies, reference, problems) for reference in (one, other)]
        described = [self._use(run, describe_run, problems) for run in stored]
        table = compare((one, other), described)
        warn_of_problems(problems, 2)
        return table

    def lineage(self, reference: str) -> pd.DataFrame:
        """Return a run and the runs that it was made from, the newest first.

        Parameters
        ----------
        reference : str
            As in `load`.

        Returns
        -------
        DataFrame
            As from `runs`; each row's ``parent`` is the next row, unless that was
            deleted.
        """
        problems: list[Problem] = []
        table = lineage(self._copies, find(self._copies, reference, problems), problems)
        warn_of_problems(problems, 2)
        return table

    def delete(self, reference: str) -> StoredRun:
        """Delete a run for good. Its version is never given again.

        Parameters
        ----------
        reference : str
            As in `load`.

        Returns
        -------
        StoredRun
            What was deleted.

        Raises
        ------
        MetastoreError
            If an alias means it.
        """
        stored = self.find(reference)
        failed = delete_run(self._copies, stored.id)
        warn_of_failed(failed, f"The deletion of {reference!r}", 2)
        return stored

    def verify(self) -> pd.DataFrame:
        """Read every file on every target, and return the problems.

        Returns
        -------
        DataFrame
            Target, item (a file), problem and detail; empty if all is well.
        """
        rows = [
            (problem.target, problem.key, problem.problem, problem.detail)
            for problem in check_all(self._copies)
        ]
        return pd.DataFrame(rows, columns=["target", "item", "problem", "detail"])

    def sync(self) -> pd.DataFrame:
        """Copy what one target has and another lacks, by names and sizes of files.

        Whole runs, versions, aliases and marks of deletion go in either direction,
        verified on the way. Of an alias the newest meaning counts.

        Returns
        -------
        DataFrame
            Target, item, action and detail; empty if there was nothing to do.
        """
        return self._synced(deep=False)

    def repair(self) -> pd.DataFrame:
        """Do what `sync` does, and also replace damaged files, which reads every byte.

        Returns
        -------
        DataFrame
            As from `sync`. A run that no target has whole is ``lost``.
        """
        return self._synced(deep=True)

    def gc(
        self, *, older_than: str | timedelta = "1D", dry_run: bool = False
    ) -> pd.DataFrame:
        """Remove what interrupted saves and deletes left behind.

        A complete run is never removed, whether it has a version or not.

        Parameters
        ----------
        older_than : str or timedelta, default="1D"
            Younger files stay: somebody may be writing them.
        dry_run : bool, default=False
            Only tell what would be removed.

        Returns
        -------
        DataFrame
            Target, item, files and bytes.
        """
        try:
            seconds = pd.Timedelta(older_than).total_seconds()
        except ValueError as error:
            raise MetastoreError(
                f"older_than must be a time such as '1D' or '2h'. Got {older_than!r}."
            ) from error
        rows = list(collect(self._copies, seconds, dry_run))
        return pd.DataFrame(rows, columns=["target", "item", "files", "bytes"])

    def _synced(self, deep: bool) -> pd.DataFrame:
        rows = sync(self._copies, deep)
        return pd.DataFrame(rows, columns=["target", "item", "action", "detail"])

    def _read(self, reference: str, use: Callable[[Run], Any], level: int) -> Any:
        problems: list[Problem] = []
        stored = find(self._copies, reference, problems)
        result = self._use(stored, use, problems)
        warn_of_problems(problems, level)
        return result

    def _use(
        self, stored: StoredRun, use: Callable[[Run], Any], problems: list[Problem]
    ) -> Any:
        try:
            return self._copies.use(stored.id, stored.digest, use, problems)
        except FileNotFoundError:
            raise lost(self._copies, stored) from None
