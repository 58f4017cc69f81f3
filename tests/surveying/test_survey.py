"""Many files at once: one row a file, errors as rows, nothing read twice, by any executor."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from python_packages import installed
from support import CORPUS, real

import pmport
from pmport import demo
from pmport.errors import PmportError, RecordError
from pmport.surveying import COLUMNS, Row, files_in, read_table, row_of, survey, write_table


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A boot image, a broken one, something else, a folder with another, and what is no file."""
    images = tmp_path / "images"
    (images / "more").mkdir(parents=True)
    whole = bytes(demo.stock_image())
    (images / "boot.img").write_bytes(whole)
    (images / "broken.img").write_bytes(whole[:5000])
    (images / "more" / "phone.dtb").write_bytes(bytes(pmport.devicetree.parse_source('/ { model = "Acme Argon"; };')))
    (images / "notes.txt").write_text("nothing of a phone\n", encoding="utf-8")
    (images / "empty").touch()
    (images / "lost").symlink_to("nowhere")
    (images / "again").symlink_to(".")
    if hasattr(os, "mkfifo"):
        os.mkfifo(images / "pipe")
    return images


def errors(rows: tuple[Row, ...]) -> dict[str, object]:
    return {Path(str(row["path"])).name: row["error"] for row in rows}


def test_each_file_has_one_row_and_what_cannot_be_read_says_why(folder: Path) -> None:
    found = survey(folder, jobs=1)
    assert errors(found) == {
        "boot.img": None,
        "broken.img": "FormatError",
        "empty": "UnknownFormatError",
        "notes.txt": "UnknownFormatError",
        "phone.dtb": None,
    }
    boot = found[0]
    assert (boot["kind"], boot["soc"], boot["header_version"]) == ("Android boot image", "msm8916", 0)
    assert all(row["message"] for row in found.errors)
    assert all(list(row) == list(COLUMNS) for row in found)


def test_every_value_has_its_columns_type_or_is_none(folder: Path) -> None:
    for row in survey(folder, jobs=1):
        assert all(value is None or type(value) is COLUMNS[name] for name, value in row.items())


@pytest.mark.corpus
@pytest.mark.slow
def test_the_corpus_is_surveyed_by_processes_as_it_is_alone(tmp_path: Path) -> None:
    places = [real(CORPUS / name) for name in ("boot", "dtb", "pit", "vbmeta", "qcdt")]
    rows = survey(places, jobs=2, output=tmp_path / "corpus.csv")
    assert list(rows) == [row_of(path) for path in files_in(places)]
    assert read_table(tmp_path / "corpus.csv") == list(rows)
    known = {name for name, _ in rows.counted("soc")}
    assert any("msm8916" in name for name in known)


def test_what_identifies_a_phone_is_in_no_row(tmp_path: Path) -> None:
    image = pmport.formats.BootImage.build(b"kernel", cmdline="androidboot.serialno=0123456789ABCDEF quiet")
    (tmp_path / "boot.img").write_bytes(bytes(image))
    (tmp_path / "getvar.txt").write_text("(bootloader) serialno:C0FFEE12345\n(bootloader) product:argon\n", "utf-8")
    table = json.dumps([dict(row) for row in survey(tmp_path, jobs=1)])
    assert "quiet" in table
    assert "argon" in table
    assert "0123456789ABCDEF" not in table
    assert "C0FFEE12345" not in table
    assert "serial" not in COLUMNS


@pytest.mark.parametrize("ending", [".csv", ".json", ".jsonl"])
def test_a_table_reads_back_as_it_was(folder: Path, tmp_path: Path, ending: str) -> None:
    rows = survey(folder, jobs=1, output=tmp_path / f"table{ending}")
    assert read_table(tmp_path / f"table{ending}") == list(rows)
    write_table((), tmp_path / f"none{ending}")
    assert read_table(tmp_path / f"none{ending}") == []


def test_a_table_of_an_unknown_kind_is_refused_before_anything_is_read(folder: Path, tmp_path: Path) -> None:
    for name in ("table.xls", "table", "no/folder/table.csv", "images"):
        with pytest.raises(RecordError):
            survey(folder, output=tmp_path / name, on_row=never)


def test_what_did_not_change_is_not_read_again(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    first = survey(folder, jobs=1, output=table)
    read: list[object] = []
    assert survey(folder, jobs=1, output=table, on_row=read.append) == first
    assert read == []
    (folder / "notes.txt").write_bytes(bytes(demo.stock_image()))
    (folder / "empty").unlink()
    survey(folder, jobs=1, output=table, on_row=lambda row: read.append(row["kind"]))
    assert read == ["Android boot image"]
    assert {Path(str(row["path"])).name for row in read_table(table)} == {
        "boot.img", "broken.img", "notes.txt", "phone.dtb",
    }  # fmt: skip


def test_rows_of_other_files_stay_in_the_table(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.json"
    survey(folder / "boot.img", output=table)
    survey(folder / "more", output=table)
    assert [Path(str(row["path"])).name for row in read_table(table)] == ["boot.img", "phone.dtb"]


def test_a_file_that_is_no_table_of_a_survey_is_left_alone(folder: Path, tmp_path: Path) -> None:
    for name, content in {
        "a.csv": "name,year\nargon,2018\n",
        "b.json": '{"path": 1}',
        "c.json": "[1, 2]",
        "d.jsonl": '{"path": "x"}\n',
        "e.csv": "path,size,modified,version\nx,many,1,1\n",
    }.items():
        table = tmp_path / name
        table.write_text(content, encoding="utf-8")
        with pytest.raises(RecordError, match=name):
            survey(folder, output=table, on_row=never)
        assert table.read_text(encoding="utf-8") == content
        survey(folder, jobs=1, output=table, force=True)
        assert len(read_table(table)) == 5


def never(row: Row) -> None:
    pytest.fail(f"{row['path']} was read")


class Interrupted(Exception):  # noqa: N818 - it stands for Ctrl-C
    """Not KeyboardInterrupt, which would end the tests."""


def test_an_interrupted_survey_goes_on_where_it_was(folder: Path, tmp_path: Path) -> None:
    table, seen = tmp_path / "table.jsonl", list[object]()

    def stop_at_the_third(row: Row) -> None:
        seen.append(row["path"])
        if len(seen) == 3:
            raise Interrupted

    with pytest.raises(Interrupted):
        survey(folder, jobs=1, output=table, on_row=stop_at_the_third)
    assert not table.exists()
    with (tmp_path / "table.jsonl.partial").open("ab") as file:
        file.write(b'{"path": "torn')
    again: list[object] = []
    survey(folder, jobs=1, output=table, on_row=lambda row: again.append(row["path"]))
    assert len(seen) + len(again) == len(read_table(table)) == 5
    assert not set(seen) & set(again)
    assert not (tmp_path / "table.jsonl.partial").exists()


def test_any_executor_reads_them_in_the_order_of_the_files(folder: Path) -> None:
    with ThreadPoolExecutor(3) as executor:
        assert survey(folder, executor=executor) == survey(folder, jobs=1)


class Lossy(Executor):
    """An executor that loses every second task, as a cluster may."""

    def __init__(self) -> None:
        self.tasks = 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.tasks += 1
        future: Future[Any] = Future()
        if self.tasks % 2:
            future.set_result(fn(*args, **kwargs))
        else:
            future.set_exception(RuntimeError("the worker is gone"))
        return future


def test_what_an_executor_loses_is_a_row_and_is_tried_again(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    first = survey(folder, executor=Lossy(), output=table)
    assert [row["error"] for row in first].count("RuntimeError") == 2
    assert "RuntimeError" not in errors(survey(folder, jobs=1, output=table)).values()


KILLER = """
    import os, signal, sys
    import pmport
    from pmport.surveying import survey_row

    opened = survey_row.opened
    survey_row.opened = lambda path: os.kill(os.getpid(), signal.SIGKILL) if "boot" in path else opened(path)

    if __name__ == "__main__":
        for row in pmport.survey(sys.argv[1], jobs=2):
            print(os.path.basename(row["path"]), row["error"])
"""
GUARDLESS = """
    import sys
    import pmport

    print(len(pmport.survey(sys.argv[1], jobs=2)))
"""


def run(
    script: str, folder: Path, tmp_path: Path, *arguments: str, packages: Path | None = None
) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "script.py"
    file.write_text(textwrap.dedent(script), encoding="utf-8")
    paths = [str(path) for path in (Path(pmport.__file__).parent.parent, packages) if path is not None]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, str(file), str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environment)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the worker is killed by a signal")
def test_a_worker_that_dies_costs_one_row(folder: Path, tmp_path: Path) -> None:
    done = run(KILLER, folder, tmp_path)
    assert done.returncode == 0, done.stderr
    assert dict(line.split() for line in done.stdout.splitlines()) == {
        "boot.img": "WorkerDied",
        "broken.img": "FormatError",
        "empty": "UnknownFormatError",
        "notes.txt": "UnknownFormatError",
        "phone.dtb": "None",
    }


def test_a_script_that_cannot_start_workers_is_told_how(folder: Path, tmp_path: Path) -> None:
    done = run(GUARDLESS, folder, tmp_path)
    assert done.returncode
    assert '__name__ == "__main__"' in done.stderr.splitlines()[-1]


def test_an_executor_that_broke_ends_the_survey_with_a_remedy(folder: Path) -> None:
    class Broken(Lossy):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            del fn, args, kwargs
            from concurrent.futures.process import BrokenProcessPool  # noqa: PLC0415 - only here

            future: Future[Any] = Future()
            future.set_exception(BrokenProcessPool("gone"))
            return future

    with pytest.raises(PmportError, match="new executor"):
        survey(folder, executor=Broken())


def test_the_command_writes_a_table_and_counts(folder: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pmport",
        "survey",
        str(folder),
        "-o",
        str(tmp_path / "t.csv"),
        "-j",
        "1",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["result"] == {
        "files": 5,
        "errors": 3,
        "kinds": {"Android boot image": 1, "device tree blob": 1},
        "output": str(tmp_path / "t.csv"),
    }
    assert len(read_table(tmp_path / "t.csv")) == 5


DASK = """
    import sys
    from distributed import Client, LocalCluster
    import pmport
    from pmport.surveying import read_table

    if __name__ == "__main__":
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
            rows = pmport.survey(sys.argv[1], executor=client.get_executor(), output=sys.argv[2])
        assert rows == pmport.survey(sys.argv[1], jobs=1), rows
        print(len(rows), [dict(row) for row in rows] == read_table(sys.argv[2]))
"""
PARQUET = """
    import sys
    import pmport
    from pmport.surveying import read_table, survey_tables

    if __name__ == "__main__":
        survey_tables.PARQUET = (sys.argv[3],)
        rows = pmport.survey(sys.argv[1], jobs=1, output=sys.argv[2])
        print(len(rows), [dict(row) for row in rows] == read_table(sys.argv[2]))
        open(sys.argv[2], "wb").write(b"PAR1 no more")
        try:
            read_table(sys.argv[2])
        except pmport.errors.RecordError as error:
            print("refused", type(error).__name__)
"""


@pytest.mark.online
def test_a_local_cluster_of_dask_reads_them(folder: Path, tmp_path: Path) -> None:
    packages = installed("distributed")
    done = run(DASK, folder, tmp_path, str(tmp_path / "table.json"), packages=packages)
    assert (done.returncode, done.stdout) == (0, "5 True\n"), done.stderr


@pytest.mark.online
@pytest.mark.parametrize("library", ["pyarrow", "polars"])
def test_parquet_is_written_and_read_by_what_is_installed(folder: Path, tmp_path: Path, library: str) -> None:
    packages = installed(library)
    done = run(PARQUET, folder, tmp_path, str(tmp_path / "table.parquet"), library, packages=packages)
    assert (done.returncode, done.stdout) == (0, "5 True\nrefused RecordError\n"), done.stderr
