"""Real U-Boot as a judge: Debian's source, its sandbox built once and kept, on a cable of its own.

The sandbox is U-Boot as a program; its Ethernet is one end of a pair of virtual interfaces in a network namespace that only
one thread of the tests lives in, so that nothing else on the machine sees or meets it.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
import re
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from debian import CACHE, fetched_sources
from support import IN_CI

__all__ = ["ADDRESS", "PARTITIONS", "Sandbox", "built", "running"]

SUITE = "trixie"
OURS, ADDRESS = "10.9.8.1", "10.9.8.2"
CLONE_NEWNET = 0x40000000
SIOCETHTOOL, ETHTOOL_STXCSUM = 0x8946, 0x17
SECTOR = 512
BUFFER = "18000000"
"""Where downloads go: in the middle of the memory that the sandbox maps (``os_malloc`` in ``arch/sandbox/cpu/os.c``)."""
PARTITIONS = {"boot_a": 8, "boot_b": 8, "dtbo": 4, "userdata": 32}
"""Name → MiB."""
CONFIGURATION = """
CONFIG_CMD_FASTBOOT=y
CONFIG_FASTBOOT=y
CONFIG_UDP_FUNCTION_FASTBOOT=y
CONFIG_TCP_FUNCTION_FASTBOOT=y
CONFIG_FASTBOOT_FLASH=y
CONFIG_FASTBOOT_FLASH_MMC=y
CONFIG_FASTBOOT_FLASH_MMC_DEV=0
CONFIG_FASTBOOT_BUF_ADDR=0x1000000
CONFIG_FASTBOOT_BUF_SIZE=0x2000000
CONFIG_FASTBOOT_OEM_RUN=y
# CONFIG_UDP_CHECKSUM is not set
# CONFIG_LTO is not set
# CONFIG_UNIT_TEST is not set
# CONFIG_EFI_LOADER is not set
# CONFIG_SANDBOX_SDL is not set
# CONFIG_UPL is not set
# CONFIG_CMD_UPL is not set
# CONFIG_TOOLS_MKEFICAPSULE is not set
# CONFIG_TOOLS_LIBCRYPTO is not set
"""
TREE = """/dts-v1/;
/ {
    #address-cells = <1>;
    #size-cells = <1>;
    compatible = "sandbox";
    aliases { mmc0 = "/mmc"; ethernet0 = "/eth@90000000"; };
    chosen { stdout-path = "/serial"; };
    memory { reg = <0 0x8000000>; };
    binman { };
    serial { compatible = "sandbox,serial"; bootph-all; };
    timer { compatible = "sandbox,timer"; clock-frequency = <1000000>; };
    mmc { compatible = "sandbox,mmc"; filename = "mmc.img"; };
    eth@90000000 {
        compatible = "sandbox,eth-raw";
        reg = <0x90000000 0x1000>;
        local-mac-address = [02 00 11 22 33 55];
        host-raw-interface = "theirs";
    };
};
"""

# UDP_CHECKSUM adds up packets of odd length wrongly (net/net.c), on which AOSP's client waits for ever; pmport sends those
# without a checksum when they stay unanswered.

T = TypeVar("T")


def built() -> Path:
    """The sandbox, built from Debian's source; about a minute the first time.

    Returns:
        The program. Where it cannot be built the test is skipped; in CI it fails.
    """
    program = CACHE / SUITE / f"u-boot-sandbox-{hashlib.sha256(CONFIGURATION.encode()).hexdigest()[:12]}"
    if program.is_file():
        return program
    try:
        return _build(program)
    except (OSError, subprocess.SubprocessError) as error:
        reason = f"U-Boot's sandbox cannot be built here: {error}"
        if IN_CI:
            pytest.fail(reason)
        pytest.skip(reason)


def _build(program: Path) -> Path:
    work = program.with_name(f"{program.name}.{os.getpid()}")
    work.mkdir(parents=True)
    (source,) = [path for path in fetched_sources("u-boot", SUITE, work) if ".orig.tar." in path.name]
    tree = work / "source"
    tree.mkdir()

    def run(*command: str) -> None:
        done = subprocess.run(command, cwd=tree, check=False, capture_output=True, text=True, timeout=900)
        if done.returncode:
            raise OSError(f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-4000:]}")

    run("tar", "xf", str(source), "--strip-components=1")
    (work / "wanted").write_text(CONFIGURATION, encoding="utf-8")
    kconfig = tree / "dts/Kconfig"  # the Python binding is for binman, which packs nothing here; it needs swig
    kconfig.write_text(kconfig.read_text("utf-8").replace("\tselect PYLIBFDT\n", ""), encoding="utf-8")
    run("make", "sandbox_defconfig")
    run("scripts/kconfig/merge_config.sh", "-m", ".config", str(work / "wanted"))
    run("make", "olddefconfig")
    run("make", "NO_SDL=1", f"-j{os.cpu_count() or 1}", "u-boot")
    shutil.copy2(tree / "u-boot", program.with_suffix(".new"))
    program.with_suffix(".new").replace(program)
    shutil.rmtree(work)
    return program


class Sandbox:
    """U-Boot that listens for fastboot.

    Args:
        folder: Where its disk is.
        pool: The one thread from which it is reached.
    """

    def __init__(self, folder: Path, pool: ThreadPoolExecutor) -> None:
        self._disk = folder / "mmc.img"
        self._console = folder / "console.txt"
        self._pool = pool

    def inside(self, work: Callable[[], T]) -> T:
        """Do something where the sandbox can be reached.

        Args:
            work: What; programs that it starts reach it too.

        Returns:
            What it returns.
        """
        return self._pool.submit(work).result(120)

    @property
    def console(self) -> str:
        """What U-Boot printed."""
        return self._console.read_text("utf-8", "replace")

    def content(self, partition: str, size: int, offset: int = 0) -> bytes:
        """What is on a partition of its disk.

        Args:
            partition: Its name.
            size: Bytes.
            offset: From where.

        Returns:
            The bytes.
        """
        match = re.search(rf"^ *\d+\s+(0x\w+)\s+0x\w+\s+\"{partition}\"", self.console, re.MULTILINE)
        assert match is not None, self.console
        with self._disk.open("rb") as disk:
            disk.seek(int(match[1], 16) * SECTOR + offset)
            return disk.read(size)


@contextmanager
def running(folder: Path) -> Iterator[Sandbox]:
    """A sandbox that listens.

    Args:
        folder: Where its disk and its console are kept.

    Yields:
        The sandbox.
    """
    if os.geteuid():
        pytest.skip("a network of its own needs root")
    program = built()
    (folder / "sandbox.dts").write_text(TREE, encoding="utf-8")
    subprocess.run(["dtc", "-q", "-o", "sandbox.dtb", "sandbox.dts"], cwd=folder, check=True, timeout=30)
    with (folder / "mmc.img").open("wb") as disk:
        disk.truncate((sum(PARTITIONS.values()) + 2) << 20)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_own_network).result(30)
        process = pool.submit(_start, program, folder).result(30)
        try:
            sandbox = Sandbox(folder, pool)
            _wait_for(lambda: "Listening" in sandbox.console)
            yield sandbox
        finally:
            process.kill()
            process.wait(10)


def _own_network() -> None:
    """For this thread alone: two interfaces, of which each is the other's cable, without checksums left to a card."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
        pytest.skip(f"a network of its own cannot be had: {os.strerror(ctypes.get_errno())}")
    for command in (
        "link add ours type veth peer name theirs",
        f"addr add {OURS}/24 dev ours",
        "link set ours up",
        "link set theirs up",
    ):
        subprocess.run(["ip", *command.split()], check=True, timeout=10)
    value = ctypes.create_string_buffer(struct.pack("@II", ETHTOOL_STXCSUM, 0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anything:
        fcntl.ioctl(anything, SIOCETHTOOL, struct.pack("@16sP", b"ours", ctypes.addressof(value)))


def _start(program: Path, folder: Path) -> subprocess.Popen[bytes]:
    table = ";".join(f"name={name},size={size}MiB" for name, size in PARTITIONS.items())
    commands = (
        f'gpt write mmc 0 "{table}"', "mmc part", f"setenv ipaddr {ADDRESS}", f"setenv serverip {OURS}", "setenv board pmport-sandbox",
        f"fastboot -l {BUFFER} udp",
    )  # fmt: skip
    with (folder / "console.txt").open("wb") as console:
        return subprocess.Popen(
            [program, "-d", "sandbox.dtb", "-c", "; ".join(commands)], cwd=folder, stdin=subprocess.DEVNULL,
            stdout=console, stderr=subprocess.STDOUT,
        )  # fmt: skip


def _wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
