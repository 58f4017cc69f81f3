"""Every notebook runs from a fresh checkout, on data that pmport makes or ships."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from support import CORPUS, REPOSITORY, real

import pmport

NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))


def _read(path: Path) -> Any:
    return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)  # type: ignore[no-untyped-call]  # it ships none


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # Jupyter's own packages warn about each other
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _run(_read(path), tmp_path, monkeypatch)


REAL = (
    CORPUS / "boot" / "xiaomi-lithium-edk2-uefi-a.img",  # 64 bits, many trees, no IKCONFIG
    CORPUS / "boot" / "htc-marvel-boot.img",  # ARMv6 with IKCONFIG, no tree
)
"""Two phones that have nothing in common."""
FOR_ANY_IMAGE = [path for path in NOTEBOOKS if path.stem != "07-board-file"]


@pytest.mark.slow
@pytest.mark.corpus
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("image", REAL, ids=lambda image: image.stem)
@pytest.mark.parametrize("path", FOR_ANY_IMAGE, ids=lambda path: path.stem)
def test_a_notebook_runs_on_a_readers_own_image(
    path: Path, image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = _read(path)
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
    cell.source = cell.source.replace("DEVICE_IMAGE = None", f"DEVICE_IMAGE = {str(real(image))!r}")
    _run(notebook, tmp_path, monkeypatch)


def _run(notebook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbclient import NotebookClient  # noqa: PLC0415 - only to run notebooks

    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("PYTHONPATH", str(Path(pmport.__file__).parent.parent))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_output_and_takes_the_readers_file(path: Path) -> None:
    cells = _read(path).cells
    assert not [cell for cell in cells if cell.get("outputs")]
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    assert code[0].startswith("DEVICE_IMAGE = ")
