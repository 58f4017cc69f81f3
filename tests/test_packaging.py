"""What goes out of the house: the sdist and its tests, the man page, the hooks, the release, the distributions' packages."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
from pathlib import Path

import pytest
from support import REPOSITORY, judge

import pmport

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SMALL_ROOMS = [
    "tests/test_layout.py",
    "tests/test_section.py",
    "tests/test_sources.py",
    "tests/formats/avb/test_vbmeta.py",
]


@pytest.fixture(scope="session")
def sdist(tracked_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist that is built from the files that git tracks."""
    folder = tmp_path_factory.mktemp("sdist")
    setup = "import setuptools.build_meta as backend, sys; print(backend.build_sdist(sys.argv[1]))"
    command = [sys.executable, "-c", setup, str(folder)]
    subprocess.run(command, cwd=tracked_tree, check=True, capture_output=True)
    (path,) = folder.glob("*.tar.gz")
    return path


@pytest.fixture(scope="session")
def unpacked(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked sdist."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (path,) = folder.iterdir()
    return path


def test_the_sdist_carries_all_that_is_tracked(unpacked: Path, tracked_tree: Path) -> None:
    tracked = {path.relative_to(tracked_tree).as_posix() for path in tracked_tree.rglob("*") if path.is_file() or path.is_symlink()}  # fmt: skip
    kept = {name for name in tracked if not name.startswith(("build/", "pmport.egg-info/", ".git"))}
    assert {name for name in kept if not (unpacked / name).exists()} == set()


def test_the_tests_of_the_unpacked_sdist_pass_in_place(unpacked: Path) -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV_", "PMPORT"))
    }
    environment |= {"PYTHONPATH": str(unpacked), "CI": ""}
    pytest_ = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:xdist"]
    for arguments in (["--collect-only", "tests"], SMALL_ROOMS):
        done = subprocess.run([*pytest_, *arguments], cwd=unpacked, env=environment, capture_output=True, text=True, check=False)  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


@pytest.mark.online
def test_a_fresh_environment_takes_the_sdist_without_extras(sdist: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(sdist)]
    subprocess.run(pip, check=True, env=environment, capture_output=True)
    for words in (["--version"], ["demo"], ["flash", "--help"]):
        command = [str(python.with_name("pmport")), *words]
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert (tmp_path / "env" / "share" / "man" / "man1" / "pmport.1").is_file()
    listed = subprocess.run(
        [str(python), "-m", "pip", "list"], check=True, env=environment, capture_output=True, text=True
    )
    names = {line.split()[0].lower() for line in listed.stdout.splitlines()[2:]}
    assert not names & {"fdt", "pcpp", "pyserial", "cryptography"}


def test_the_man_page_has_every_command_and_no_warning(tmp_path: Path) -> None:
    man = judge("man", "man-db")
    made = subprocess.run([sys.executable, "tools/man_page.py"], cwd=REPOSITORY, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, capture_output=True, text=True, check=True)  # fmt: skip
    (tmp_path / "pmport.1").write_text(made.stdout, encoding="utf-8")
    shown = subprocess.run([man, "--warnings", "-l", str(tmp_path / "pmport.1")], env={**os.environ, "MANWIDTH": "100", "LC_ALL": "C.UTF-8", "MAN_KEEP_FORMATTING": ""}, capture_output=True, text=True, check=True)  # fmt: skip
    assert shown.stderr == ""
    text = re.sub(".\b", "", shown.stdout)
    for name in ("pmport inspect", "pmport dt print", "pmport flash", "EXIT STATUS"):
        assert name in text


def test_python_versions_are_named_and_extras_are_whole() -> None:
    named = {row.rpartition(" ")[2] for row in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", row)}
    assert named == {"3.11", "3.12", "3.13", "3.14"}
    extras = PROJECT["optional-dependencies"]
    assert extras["all"] == [f"pmport[{','.join(sorted(set(extras) - {'all', 'notebook'}))}]"]


def test_the_version_stands_once_and_the_same() -> None:
    assert PROJECT["version"] == pmport.__version__


def hooks() -> dict[str, str]:
    """Id → entry; the few keys are read without a YAML parser."""
    text = (REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    return dict(re.findall(r"^- id: pmport-(\S+)\n(?:  .*\n)*?  entry: (.*)$", text, re.MULTILINE))


BAD = {
    "deviceinfo": 'deviceinfo_flash_pagesize="2048"\ndeviceinfo_screen_widht="1080"\n',
    "kernel-config": "# Linux/arm64 6.12.0 Kernel Configuration\n# CONFIG_DEVTMPFS is not set\n",
    "record": 'codename = "acme-argon"\nnmae = "Acme Argon"\n',
}


@pytest.mark.parametrize("name", BAD)
def test_a_hook_takes_several_files_and_stops_at_a_bad_one(tmp_path: Path, name: str) -> None:
    program = tmp_path / "bin" / "pmport"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pmport "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY),
    }
    files = [tmp_path / folder / ("acme-argon.toml" if name == "record" else name) for folder in ("one", "two")]
    for file in files:
        file.parent.mkdir()
        file.write_text(BAD[name], encoding="utf-8")
    assert set(hooks()) == set(BAD)
    command = [*shlex.split(hooks()[name]), *map(str, files)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in {1, 3}, done.stderr
    assert "Usage" not in done.stderr


def released(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the release script on a copy."""
    command = [sys.executable, "tools/release.py", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tracked_tree: Path, tmp_path: Path) -> Path:
    """What a release changes, in a folder of its own."""
    for name in ("pyproject.toml", "CHANGELOG.md", "pmport/__init__.py", "tools/release.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(tracked_tree / name, tmp_path / name)
    shutil.copytree(tracked_tree / "packaging", tmp_path / "packaging")
    return tmp_path


def test_a_release_says_its_version_everywhere(copy: Path) -> None:
    done = released(copy, "0.9.1", "--date", "2026-12-24", "--home", "https://pmport.example.org")
    assert done.returncode == 0, done.stderr
    texts = {name: (copy / name).read_text(encoding="utf-8") for name in ("pyproject.toml", "CHANGELOG.md", "pmport/__init__.py", "packaging/debian/changelog", "packaging/alpine/APKBUILD")}  # fmt: skip
    assert '\nversion = "0.9.1"\n' in texts["pyproject.toml"]
    assert '\n__version__ = "0.9.1"\n' in texts["pmport/__init__.py"]
    assert "\n## Unreleased\n\n## 0.9.1 - 2026-12-24\n" in texts["CHANGELOG.md"]
    assert texts["packaging/debian/changelog"].startswith("pmport (0.9.1-1) unstable;")
    assert "\npkgver=0.9.1\n" in texts["packaging/alpine/APKBUILD"]
    assert '\nurl="https://pmport.example.org"\n' in texts["packaging/alpine/APKBUILD"]


@pytest.mark.parametrize("version", ["1", "0.1.0", "0.0.9", "1.0.0-rc1", "v1.0.0"])
def test_a_version_that_does_not_follow_is_refused(copy: Path, version: str) -> None:
    before = (copy / "pyproject.toml").read_bytes()
    assert released(copy, version).returncode == 2
    assert (copy / "pyproject.toml").read_bytes() == before


def test_the_apkbuild_is_a_shell_script_that_names_what_abuild_wants() -> None:
    path = REPOSITORY / "packaging" / "alpine" / "APKBUILD"
    names = [
        "pkgname",
        "pkgver",
        "pkgrel",
        "pkgdesc",
        "arch",
        "license",
        "depends",
        "makedepends",
        "checkdepends",
        "source",
    ]
    script = (
        f". {path}\n"
        + "\n".join(f'[ -n "${name}" ] || echo {name}' for name in names)
        + "\ntype build check package >/dev/null"
    )
    done = subprocess.run(["sh", "-eu", "-c", script], env={"PATH": os.environ["PATH"], "srcdir": "", "pkgdir": ""}, capture_output=True, text=True, check=False)  # fmt: skip
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
    assert re.search(rf"^pkgver={re.escape(pmport.__version__)}$", path.read_text(encoding="utf-8"), re.MULTILINE)


def _newer_setuptools() -> dict[str, str]:
    """What stands in for Debian's setuptools where that is older than the packaging asks for; the rest is Debian's."""
    ask = "import setuptools, sys; print(setuptools.__version__, '%d.%d' % sys.version_info[:2])"
    told = subprocess.run(["/usr/bin/python3", "-c", ask], capture_output=True, text=True, check=False).stdout.split()
    if told and int(told[0].partition(".")[0]) >= 77:
        return {}
    if told[1:] != [f"{sys.version_info[0]}.{sys.version_info[1]}"]:
        pytest.skip("Debian's setuptools is older than 77, and its Python another one than this")
    return {"PYTHONPATH": sysconfig.get_path("purelib")}


@pytest.mark.online
def test_debians_package_builds_from_the_sdist(sdist: Path, tmp_path: Path) -> None:
    judge("dpkg-buildpackage", "dpkg-dev")
    judge("dh", "debhelper")
    judge("dh_python3", "dh-python")
    shutil.copy(sdist, tmp_path / f"pmport_{pmport.__version__}.orig.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    folder = tmp_path / f"pmport-{pmport.__version__}"
    shutil.copytree(folder / "packaging" / "debian", folder / "debian")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "COV_", "VIRTUAL"))}  # fmt: skip
    path = "/usr/sbin:/usr/bin:/sbin:/bin"
    clean |= _newer_setuptools()
    build = ["dpkg-buildpackage", "--no-sign", "--build=binary", "-d"]
    environment = {**clean, "PATH": path, "DEB_BUILD_OPTIONS": "nocheck"}
    done = subprocess.run(build, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    (package,) = tmp_path.glob("pmport_*.deb")
    listed = subprocess.run(["dpkg-deb", "--contents", str(package)], capture_output=True, text=True, check=True).stdout
    for name in ("/usr/bin/pmport\n", "/usr/share/man/man1/pmport.1.gz\n", "/usr/share/bash-completion/completions/pmport\n", "/usr/lib/python3/dist-packages/pmport/flashers/__init__.py\n"):  # fmt: skip
        assert name in listed
