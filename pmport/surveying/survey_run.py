"""``pmport.survey``: any number of files, read by any executor, into one table that an interruption does not lose."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from queue import Empty, SimpleQueue

from pmport.errors import PmportError, RecordError
from pmport.render import Renders, Stack, Table, Text, View
from pmport.surveying.survey_row import COLUMNS, VERSION, Row, name_of, place_of, row_of
from pmport.surveying.survey_tables import KINDS, Journal, read_table, write_table

__all__ = ["Survey", "files_in", "survey"]

IN_FLIGHT = 1024
"""Files that are handed to an executor of which it is not known how many workers it has."""
PATIENCE = 1.0
"""Seconds between two looks at whether the user wants to stop, where a wait cannot be interrupted."""
BYTES_DECIDE = frozenset({"FormatError", "UnknownFormatError", "TooLargeError"})
"""Errors that come again as long as a file's bytes are the same."""
MOST_ROWS = 20


class Survey(tuple[Row, ...], Renders):
    """The rows of a survey, in the order of the files.

    Args:
        rows: The rows.
    """

    __slots__ = ()

    @property
    def errors(self) -> tuple[Row, ...]:
        """The rows of files that could not be read."""
        return tuple(row for row in self if row["error"])

    def counted(self, column: str) -> tuple[tuple[str, int], ...]:
        """How often each value of a column stands in it.

        Args:
            column: A key of :data:`~pmport.surveying.COLUMNS`.

        Returns:
            ``(value, files)``, the most frequent first; files that say nothing are left out.
        """
        return tuple(Counter(str(row[column]) for row in self if row[column] is not None).most_common())

    def view(self) -> View:
        """How many files were read, and what they are.

        Returns:
            Tables.
        """
        failed = self.errors
        first = {row["error"]: row for row in reversed(failed)}
        errors = Counter(row["error"] for row in failed).most_common()
        views: list[View] = [Text(f"{len(self)} files, {len(self) - len(failed)} read, {len(failed)} not")]
        for title, column in (("kinds", "kind"), ("chips", "soc"), ("devices", "devices")):
            rows = self.counted(column)
            if rows:
                more = f" (the {MOST_ROWS} most frequent of {len(rows)})" if len(rows) > MOST_ROWS else ""
                views.append(Table((column, "files"), rows[:MOST_ROWS], title=title + more))
        if errors:
            told = [(name, count, first[name]["path"], first[name]["message"]) for name, count in errors]
            views.append(Table(("error", "files", "such as", "because"), told, title="not read"))
        return Stack(views)


Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


def survey(
    paths: Paths,
    *,
    executor: Executor | None = None,
    jobs: int | None = None,
    output: str | os.PathLike[str] | None = None,
    known: Iterable[Row] = (),
    force: bool = False,
    on_row: Callable[[Row], object] | None = None,
) -> Survey:
    """Read many files, and tell of each in one row what it is and what it says.

    Args:
        paths: Files, and folders with everything below them; links to folders are not followed.
        executor: Who reads them: any :class:`concurrent.futures.Executor`, such as Dask's ``Client.get_executor()``, whose
            workers see the same files. None: processes of this computer.
        jobs: How many processes; None: one per processor; 1: none, they are read here.
        output: A table to write: ``.csv``, ``.json``, ``.jsonl`` or ``.parquet``. If it is there already, it is brought up
            to date: files that did not change are not read again, and rows of other files that still exist stay. Rows
            are kept beside it as they come (``<output>.partial``): an interrupted survey goes on where it was.
        known: Rows of an earlier survey that need not be made again.
        force: Write ``output`` anew, whatever stands there.
        on_row: Is called with each new row, in the order in which they come.

    Returns:
        One row per file, in the order of the paths; files that could not be read have ``error`` and ``message``.

    Raises:
        RecordError: If ``output`` is something else than a survey's table, or its ending tells no kind of table.
        PmportError: If no worker can be started, or the executor broke.

    In a script, processes are started from below ``if __name__ == "__main__":``, as :mod:`multiprocessing` demands.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from pmport import demo
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "boot.img").write_bytes(bytes(demo.stock_image()))
        ...     _ = Path(folder, "notes.txt").write_text("no image")
        ...     found = survey(folder, jobs=1)
        >>> [(row["kind"], row["soc"], row["error"]) for row in found]
        [('Android boot image', 'msm8916', None), (None, None, 'UnknownFormatError')]
    """
    files = {name_of(path): path for path in files_in(paths)}
    journal, old = _begun(output, force=force)
    rows = {name: row for row in (*known, *old) if (name := str(row["path"])) in files and _holds(row, files[name])}
    for row in _made([path for name, path in files.items() if name not in rows], executor, jobs):
        rows[str(row["path"])] = row
        if journal is not None:
            journal.add(row)
        if on_row is not None:
            on_row(row)
    result = Survey(rows[name] for name in files)
    if output is not None and journal is not None:
        others = {str(row["path"]): row for row in old if row["path"] not in files and Path(str(row["path"])).exists()}
        write_table((*others.values(), *result), output)
        journal.remove()
    return result


def files_in(paths: Paths) -> Iterator[str]:
    """The files of a survey.

    Args:
        paths: Files and folders; what is named is taken, whatever it is.

    Yields:
        Paths of files, each once; those of a folder in the order of their names.
    """
    seen: set[str] = set()
    for path in [paths] if isinstance(paths, (str, os.PathLike)) else paths:
        for file in _below(os.fspath(path)):
            if file not in seen:
                seen.add(file)
                yield file


def _below(path: str) -> Iterator[str]:
    if not os.path.isdir(path):  # noqa: PTH112 - paths stay text: millions of them
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            file = os.path.join(folder, name)  # noqa: PTH118
            if os.path.isfile(file):  # noqa: PTH113 - no pipe, no device, no link that leads nowhere
                yield file


def _begun(output: str | os.PathLike[str] | None, *, force: bool) -> tuple[Journal | None, list[Row]]:
    """The journal of a table, and the rows that are there of earlier runs."""
    if output is None:
        return None, []
    place = Path(output)
    if place.suffix.lower() not in KINDS or not place.parent.is_dir() or place.is_dir():
        what = (
            "is a folder"
            if place.is_dir()
            else "lies in no folder"
            if place.suffix.lower() in KINDS
            else "tells no kind"
        )
        raise RecordError(
            f"It {what}, and no table can be written there",
            file=str(place),
            remedy=f"name a file in a folder that exists, with the ending {', '.join(KINDS)}",
        )
    journal = Journal(place)
    if force:
        journal.remove()
        return journal, []
    return journal, [*(read_table(place) if place.exists() and place.stat().st_size else ()), *journal.rows()]


def _holds(row: Row, path: str) -> bool:
    """Whether a row tells what a new one would."""
    if row["version"] != VERSION or (row["error"] and row["error"] not in BYTES_DECIDE):
        return False
    try:
        return (row["size"], row["modified"]) == place_of(path)
    except OSError:
        return False


def _made(files: list[str], executor: Executor | None, jobs: int | None) -> Iterator[Row]:
    if executor is not None:
        for path, future in _finished(executor, files, IN_FLIGHT):
            yield _result(path, future)
    elif jobs == 1 or len(files) < 2:
        yield from map(row_of, files)
    else:
        yield from _by_processes(files, jobs)


def _finished(executor: Executor, files: Iterable[str], most: int) -> Iterator[tuple[str, Future[Row]]]:
    """Each file with its future, when it is done; at most so many are handed out at once."""
    source, done = iter(files), SimpleQueue[tuple[str, Future[Row]]]()
    waiting = 0
    while True:
        for path in islice(source, most - waiting):
            future = executor.submit(row_of, path)
            future.add_done_callback(partial(_put, done, path))
            waiting += 1
        if not waiting:
            return
        try:
            yield done.get(timeout=PATIENCE)
        except Empty:
            continue
        waiting -= 1


def _put(done: SimpleQueue[tuple[str, Future[Row]]], path: str, future: Future[Row]) -> None:
    done.put((path, future))


def _result(path: str, future: Future[Row]) -> Row:
    """The row; what went wrong on the way to a worker and back is one too."""
    try:
        return future.result()
    except BrokenExecutor as error:
        raise PmportError(
            f"The executor broke while {path} was read: {error}",
            state="Rows that were made are kept where output= was given",
            remedy="Make a new executor, and survey again",
        ) from error
    except (Exception, CancelledError) as error:  # noqa: BLE001 - a cluster has its own errors
        return _failed(path, type(error).__name__, str(error))


def _failed(path: str, error: str, message: str) -> Row:
    row: dict[str, int | str | None] = dict.fromkeys(COLUMNS)
    return row | {"path": name_of(path), "version": VERSION, "error": error, "message": message}


def _by_processes(files: list[str], jobs: int | None) -> Iterator[Row]:
    """Read by processes; when one dies, what was in flight is read again, file by file, each in a process of its own."""
    left = dict.fromkeys(files)
    most = 2 * (jobs or os.cpu_count() or 1)
    while left:
        lost: list[str] = []
        pool = _pool(jobs)
        try:
            for path, future in _finished(pool, tuple(left), most):
                if isinstance(future.exception(), BrokenExecutor):
                    lost.append(path)
                    continue
                del left[path]
                yield _result(path, future)
        except BrokenExecutor:  # by submit: what it had been given is told by its futures, or is left
            lost = lost or list(islice(left, most))
        finally:
            pool.shutdown(cancel_futures=True)
        for path in lost:
            del left[path]
            yield _alone(path)


def _alone(path: str) -> Row:
    with _pool(1) as pool:
        try:
            pool.submit(os.getpid).result()
        except BrokenExecutor as error:
            raise PmportError(
                "No worker process can be started",
                remedy='In a script, survey below if __name__ == "__main__":, or with jobs=1',
            ) from error
        try:
            return pool.submit(row_of, path).result()
        except BrokenExecutor:
            return _failed(path, "WorkerDied", "The process that read it ended without a word, as for want of memory")


def _pool(jobs: int | None) -> ProcessPoolExecutor:
    """Processes that begin from a clean one: a fork of a program with threads may hang."""
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_leave_stopping_to_the_parent)


def _leave_stopping_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
