"""A distribution adds formats, flashers, phones and commands by entry points: the one of the documentation is installed."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from support import REPOSITORY

import pmport
from pmport.extensions import GROUPS, Extensible
from pmport.formats import BootImage

PLUGIN = REPOSITORY / "docs" / "howto" / "plugin"
BROKEN = {
    "pmport.formats": "acme_broken:ROW",
    "pmport.flashers": "acme_broken:Flasher",
    "pmport.virtual": "acme_broken:PHONE",
    "pmport.cli": "acme_broken:command",
}
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def runner(packages: Path, folder: Path) -> Run:
    """Runs the interpreter where some packages are installed besides."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join([str(packages), str(Path(pmport.__file__).parent.parent)])
        environment = {**os.environ, "PYTHONPATH": path}
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages with the documentation's plug-in, installed by pip."""
    folder = tmp_path_factory.mktemp("plugin")
    for file in PLUGIN.iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(folder / "packages"), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "packages"


@pytest.fixture
def run(installed: Path, tmp_path: Path) -> Run:
    (tmp_path / "boot.img").write_bytes(bytes(BootImage.build(b"kernel", b"ramdisk", cmdline="quiet")))
    content = (tmp_path / "boot.img").read_bytes()
    (tmp_path / "argon.bundle").write_bytes(b"ACME" + len(content).to_bytes(4, "little") + content + b"the rest")
    return runner(installed, tmp_path)


def same(one: Path, other: Path) -> bool:
    return one.read_bytes() == other.read_bytes()


def python(run: Run, code: str) -> str:
    done = run("-W", "error", "-c", textwrap.dedent(code))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_its_format_is_opened_inspected_taken_apart_and_tells_what_is_inside(run: Run, tmp_path: Path) -> None:
    output = python(
        run,
        """
        import pmport
        from pathlib import Path
        node = pmport.open("argon.bundle")
        print(node.KIND, node["boot"].KIND, pmport.facts.of(node).best("cmdline"), bytes(node) == Path("argon.bundle").read_bytes())
        """,
    )
    assert output.split("\n")[0] == "Acme bundle Android boot image quiet True"
    assert "Acme bundle" in run("-m", "pmport", "inspect", "argon.bundle").stdout
    assert run("-m", "pmport", "unpack", "argon.bundle", "-o", "parts").returncode == 0
    assert run("-m", "pmport", "repack", "parts", "-o", "same.bundle").returncode == 0
    assert same(tmp_path / "same.bundle", tmp_path / "argon.bundle")


def test_its_command_is_listed_and_runs(run: Run, tmp_path: Path) -> None:
    assert "Take the boot image out of one of Acme's bundles." in run("-m", "pmport", "--help").stdout
    done = run("-m", "pmport", "acme", "argon.bundle", "out.img")
    assert done.stdout.startswith("out.img: "), done.stderr
    assert same(tmp_path / "out.img", tmp_path / "boot.img")


def test_its_flasher_flashes_its_virtual_phone(run: Run) -> None:
    output = python(
        run,
        """
        import pmport
        from pmport.plan import FlashPlan, PlannedFile, Step, Verb
        (phone,) = pmport.virtual.PHONES["acme-argon"].make()
        image = PlannedFile.of("boot.img", pmport.Section.of("boot.img"))
        plan = FlashPlan("acme-loader", (Step(Verb.FLASH, "boot", image),))
        with pmport.flashers.open("acme-loader", backend=pmport.virtual.PyusbBackend([phone])) as flasher:
            flasher.run(plan)
        print(type(flasher).__name__, phone.partitions["boot"].written == image.section.size)
        """,
    )
    assert output == "AcmeFlasher True\n"
    assert "acme-argon" in run("-m", "pmport", "virtual", "phones").stdout


def test_nothing_of_it_is_imported_before_it_is_asked_for(run: Run) -> None:
    code = "import sys, pmport; pmport.open('boot.img'); pmport.flashers.METHODS['fastboot']; print(*sys.modules)"
    assert not {"acme_formats", "acme_phones", "acme_command", "importlib.metadata"} & set(python(run, code).split())


@pytest.mark.parametrize("group", GROUPS)
def test_what_cannot_be_loaded_says_whose_it_is_and_harms_nothing_else(group: str, tmp_path: Path) -> None:
    info = tmp_path / "packages" / "acme_broken-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-broken\nVersion: 1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[{group}]\nacme = {BROKEN[group]}\n", encoding="utf-8")
    (tmp_path / "packages" / "acme_broken.py").write_text("raise RuntimeError('gone wrong')\n", encoding="utf-8")
    (tmp_path / "boot.img").write_bytes(bytes(BootImage.build(b"kernel")))
    (tmp_path / "unknown").write_bytes(b"\x7fnothing known")
    run = runner(tmp_path / "packages", tmp_path)
    asked = {
        "pmport.formats": ("inspect", "unknown"),
        "pmport.flashers": ("-c",),
        "pmport.virtual": ("flash", "--virtual", "acme", "boot=boot.img"),
        "pmport.cli": ("acme",),
    }[group]
    if group == "pmport.flashers":
        done = run("-c", "import pmport; pmport.flashers.open('acme')")
        assert "pmport.errors.ExtensionError" in done.stderr
    else:
        done = run("-m", "pmport", *asked)
        assert done.returncode == 3, done.stderr
        assert group == "pmport.formats" or "Traceback" not in done.stderr
    assert "The addition 'acme' of acme-broken cannot be loaded: gone wrong" in done.stderr
    assert run("-m", "pmport", "inspect", "boot.img").returncode == 0
    assert run("-m", "pmport", "--help").returncode == 0


def test_pmports_own_rows_come_first_and_a_table_is_a_mapping() -> None:
    table = Extensible("pmport.cli", {"inspect": 1}, lambda point: len(point.value))
    assert dict(table) == {"inspect": 1}
    assert "absent" not in table
    assert len(table) == 1
    with pytest.raises(KeyError):
        table["absent"]
