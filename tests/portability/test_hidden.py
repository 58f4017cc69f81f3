"""The main jobs run where a system has less: no POSIX-only functions, none of the optional packages, another code page."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support import REPOSITORY

from pmport import demo
from pmport.byte_sources import _seek_and_read

HIDDEN_FUNCTIONS = [
    "pread",
    "preadv",
    "pwrite",
    "copy_file_range",
    "sendfile",
    "splice",
    "uname",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "fork",
    "forkpty",
    "openpty",
    "ttyname",
    "set_blocking",
    "posix_spawn",
    "posix_fadvise",
    "sched_getaffinity",
    "sysconf",
    "statvfs",
    "fchmod",
    "fchown",
    "chown",
    "lchown",
    "mkfifo",
    "mknod",
    "getpgid",
    "setsid",
    "killpg",
    "getloadavg",
]
"""What ``os`` lacks on Windows, and in part on macOS; not those that the standard library's own modules want here."""
HIDDEN_MODULES = ["fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"]
OPTIONAL_PACKAGES = ["IPython", "cryptography", "fdt", "libusb_package", "matplotlib", "pcpp", "serial"]
SITE = f"""
import os, platform, sys

HIDDEN = frozenset({HIDDEN_MODULES + OPTIONAL_PACKAGES!r})

class Hider:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in HIDDEN:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

for name in [name for name in sys.modules if name.partition(".")[0] in HIDDEN]:
    del sys.modules[name]
sys.meta_path.insert(0, Hider)
for name in {HIDDEN_FUNCTIONS!r}:
    if hasattr(os, name):
        delattr(os, name)
platform.system = lambda: "Windows"
"""
JOBS = """
--version
--help
inspect boot.img
inspect boot.img --facts
inspect boot.img --json
unpack boot.img -o parts
repack parts -o same.img
bootcheck boot.img
vbmeta -o vbmeta.img
port boot.img --codename acme-argon --name Argon --flash-method fastboot -o port
dt print boot.img -o vendor.dts
dt compile plain.dts -o plain.dtb
dt identify boot.img
dt diff boot.img boot.img
kernel check config --version 6.12 --arch aarch64
kernel needs boot.img config
kernel status boot.img
db search nokia
db show oneplus-enchilada
db validate port/acme-argon.toml
deviceinfo lint port/device-acme-argon/deviceinfo
flash --virtual lk2nd boot=boot.img
flash --virtual samsung --method heimdall BOOT=boot.img
nokia identify --virtual n900
getvar --virtual lk2nd product
virtual phones
doctor
demo
""".strip().splitlines()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a stock image, a configuration, sources of trees, and the module that hides things."""
    place = tmp_path_factory.mktemp("hidden")
    (place / "boot.img").write_bytes(bytes(demo.stock_image()))
    (place / "config").write_text("CONFIG_I2C=y\n", encoding="utf-8")
    (place / "board.dts").write_text('#define NAME "Argon"\n/dts-v1/;\n/ { model = NAME; };\n', encoding="utf-8")
    (place / "plain.dts").write_text('/dts-v1/;\n/ { model = "Argon"; };\n', encoding="utf-8")
    (place / "key.pem").write_text("no key\n", encoding="utf-8")
    (place / "site").mkdir()
    (place / "site" / "sitecustomize.py").write_text(SITE, encoding="utf-8")
    return place


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Run Python where all of it is hidden."""
    path = os.pathsep.join([str(folder / "site"), str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, **variables}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, check=False, timeout=120
    )


def test_the_main_jobs_run_without_what_other_systems_lack(folder: Path) -> None:
    lines = [f"pmport.main({job.split()!r})" for job in JOBS]
    script = "import contextlib, sys\nfrom pmport import cli as pmport\nfailed = []\n" + "".join(
        f"""
try:
    {line}
except SystemExit as end:
    if end.code not in (None, 0, 1):
        failed.append({line!r})
"""
        for line in lines
    )
    done = run(folder, "-c", script + "\nsys.exit('\\n'.join(failed) or 0)")
    said = done.stdout.decode() + done.stderr.decode()
    assert done.returncode == 0, said
    assert "Traceback" not in said
    assert (folder / "same.img").read_bytes() == (folder / "boot.img").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "install"),
    [
        ("dt compile board.dts -o board.dtb", "pip install pcpp"),
        ("console --list", "pip install pyserial"),
        ("console /dev/ttyUSB9", "pip install pyserial"),
        ("vbmeta --algorithm SHA256_RSA2048 --key key.pem -o signed.img", "pip install pmport[sign]"),
    ],
)
def test_what_is_missing_is_named_with_the_command_that_brings_it(folder: Path, arguments: str, install: str) -> None:
    done = run(folder, "-m", "pmport", *arguments.split())
    said = done.stderr.decode()
    assert done.returncode == 3, said
    assert install in said
    assert "Traceback" not in said


def test_objects_of_fdt_say_what_they_need(folder: Path) -> None:
    script = "from pmport import devicetree, errors\ntry:\n    devicetree.DeviceTree().to_fdt()\nexcept errors.MissingDependencyError as error:\n    print(error)"
    done = run(folder, "-c", script)
    assert b"pip install fdt" in done.stdout, done.stderr.decode()


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii", "utf-8"])
def test_output_goes_into_a_file_of_any_code_page(folder: Path, encoding: str) -> None:
    (folder / "odd.config").write_bytes(b'CONFIG_LOCALVERSION="-\xd1\x84\xff"\nCONFIG_I2C=y\n')
    (folder / "Handy-\u0444.img").write_bytes((folder / "boot.img").read_bytes())
    for arguments in (["inspect", "Handy-\u0444.img"], ["inspect", "none-\u0444.img"], ["kernel", "diff", "odd.config", "config"]):  # fmt: skip
        done = run(folder, "-m", "pmport", *arguments, PYTHONIOENCODING=encoding)
        assert done.returncode in {0, 1, 3}, done.stderr.decode(encoding)
        assert b"Traceback" not in done.stderr, done.stderr.decode(encoding)


def test_a_range_is_read_by_seeking_from_many_threads(tmp_path: Path) -> None:
    content = bytes(range(256)) * 64
    (tmp_path / "file").write_bytes(content)
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)
    try:
        with ThreadPoolExecutor(8) as pool:
            read = pool.map(lambda at: _seek_and_read(descriptor, 100, at), range(0, len(content), 100))
            assert b"".join(read) == content
        assert _seek_and_read(descriptor, 5, len(content)) == b""
    finally:
        os.close(descriptor)
