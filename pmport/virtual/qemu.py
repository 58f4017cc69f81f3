"""A phone that boots: what stands in its boot partition, run by QEMU, with its serial console on a pseudo-terminal.

QEMU is found, never required to be there. It runs its ``virt`` machine: kernel, ramdisk and command line are the phone's,
the hardware is not; what a phone has beside processor, memory and serial port does not show.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pmport.errors import DeadlineError, MissingDependencyError, TransportError
from pmport.virtual.boot_choice import BootChoice, boot_partition, chosen
from pmport.virtual.usb_device import VirtualUsbDevice

if TYPE_CHECKING:
    from pmport.node import Node
    from pmport.section import Readable

__all__ = ["MACHINES", "BootedPhone", "Machine", "boot"]

START_SECONDS = 20
POLL_SECONDS = 0.1
REDIRECTED = re.compile(r"redirected to (/dev/\S+)")
KVM = Path("/dev/kvm")


@dataclass(frozen=True, slots=True)
class Machine:
    """How QEMU is called for an architecture.

    Args:
        program: Its program.
        machine: The machine.
        cpu: The processor, where it is emulated.
        console: The console's name in that machine.
        package: Debian's package of the program.
        hosts: ``uname -m`` of hosts whose processor can run it itself.
    """

    program: str
    machine: str
    cpu: str
    console: str
    package: str
    hosts: tuple[str, ...] = ()


MACHINES = {
    "aarch64": Machine("qemu-system-aarch64", "virt", "cortex-a72", "ttyAMA0", "qemu-system-arm", ("aarch64",)),
    "arm": Machine("qemu-system-arm", "virt", "cortex-a15", "ttyAMA0", "qemu-system-arm"),
    "x86_64": Machine("qemu-system-x86_64", "q35", "max", "ttyS0", "qemu-system-x86", ("x86_64",)),
    "riscv64": Machine("qemu-system-riscv64", "virt", "rv64", "ttyS0", "qemu-system-misc", ("riscv64",)),
}
"""By the kernel's architecture."""


class BootedPhone:
    """A running phone: its console's text, and a keyboard.

    Args:
        choice: What is started.
        cmdline: Words behind the image's command line.
        memory: MiB.
        console: A name under which the pseudo-terminal is found; None: its own name alone.

    Raises:
        MissingDependencyError: If QEMU is not installed.
        TransportError: If QEMU ends at once; with its own words.

    Attributes:
        choice: What was started.
        console: The pseudo-terminal: ``pmport console`` and any terminal program open it.
    """

    def __init__(
        self, choice: BootChoice, *, cmdline: str = "", memory: int = 512, console: str | os.PathLike[str] | None = None
    ) -> None:
        machine = MACHINES[choice.architecture]
        program = shutil.which(machine.program)
        if program is None:
            raise MissingDependencyError(
                f"{machine.program} is not installed, which runs the kernel of a virtual phone",
                install=f"apt-get install {machine.package}, or your system's package of QEMU",
            )
        self.choice = choice
        self._folder = Path(tempfile.mkdtemp(prefix="pmport-boot-"))
        self._link = Path(console) if console is not None else None
        self._keys = -1
        self._log = self._folder / "console"
        self._log.touch()
        self._errors = (self._folder / "errors").open("w+b")
        try:
            self._process = subprocess.Popen(
                [program, *self._arguments(machine, cmdline, memory)],
                stdin=subprocess.DEVNULL,
                stdout=self._errors,
                stderr=self._errors,
            )
            self.console: Path = self._terminal()
            if self._link is not None:
                self._link.unlink(missing_ok=True)
                self._link.symlink_to(self.console)
        except BaseException:
            self.close()
            raise

    def _arguments(self, machine: Machine, cmdline: str, memory: int) -> list[str]:
        words = f"{self.choice.cmdline} console={machine.console} {cmdline}".strip()
        own = os.uname().machine in machine.hosts and os.access(KVM, os.R_OK | os.W_OK)
        files = {"-kernel": self.choice.kernel, "-initrd": self.choice.ramdisk, "-dtb": self.choice.tree}
        arguments = ["-M", machine.machine, "-cpu", "max" if own else machine.cpu, *(["-accel", "kvm"] if own else [])]
        arguments += ["-m", str(memory), "-display", "none", "-nodefaults", "-no-reboot", "-append", words]
        arguments += ["-chardev", f"pty,id=console,logfile={self._log}", "-serial", "chardev:console"]
        for option, section in files.items():
            if section is not None and section.size:
                path = self._folder / option.removeprefix("-")
                with path.open("wb") as file:
                    section.copy_to(file)
                arguments += [option, str(path)]
        return arguments

    def _said(self) -> str:
        return (self._folder / "errors").read_text(encoding="utf-8", errors="replace")

    def _terminal(self) -> Path:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if match := REDIRECTED.search(self._said()):
                return Path(match[1])
            if self._process.poll() is not None:
                break
            time.sleep(POLL_SECONDS)
        raise TransportError(f"QEMU did not start: {self._said().strip() or 'it said nothing'}")

    @property
    def running(self) -> bool:
        """Whether it still runs; a panic with ``panic=`` and ``poweroff`` end it."""
        return self._process.poll() is None

    @property
    def log(self) -> str:
        """Everything that the console printed so far; nothing once it was closed."""
        data = self._log.read_bytes() if self._log.exists() else b""
        return data.decode("utf-8", "replace").replace("\r\n", "\n")

    def wait_for(self, text: str, seconds: float = 120, *, start: int = 0) -> str:
        """Wait until the console printed something.

        Args:
            text: What.
            seconds: How long at the most.
            start: From which character of the log on.

        Returns:
            The log, from there.

        Raises:
            DeadlineError: If it did not in time, or the phone went off; with the last lines.
        """
        end = time.monotonic() + seconds
        while True:
            running = self.running
            log = self.log[start:]
            if text in log:
                return log
            if not running or time.monotonic() > end:
                what = f"within {seconds:g} s" if running else "before the phone went off"
                last = " | ".join(log.splitlines()[-5:])
                raise DeadlineError(f"The console did not print {text!r} {what}; its last lines: {last}")
            time.sleep(POLL_SECONDS)

    def follow(self, *, until: str | None = None, seconds: float | None = None) -> Iterator[str]:
        """What the console prints, as it comes.

        Args:
            until: Stop when this was printed.
            seconds: Stop after so long; None: only when the phone goes off.

        Yields:
            Pieces of text.

        Raises:
            DeadlineError: If ``until`` was given, and not printed in time.
        """
        end = None if seconds is None else time.monotonic() + seconds
        at = 0
        while True:
            running = self.running
            log = self.log
            if len(log) > at:
                yield log[at:]
                at = len(log)
            if until is not None and until in log:
                return
            if not running or (end is not None and time.monotonic() > end):
                if until is not None:
                    self.wait_for(until, 0)
                return
            time.sleep(POLL_SECONDS)

    def type(self, text: str) -> None:
        """Type a line.

        Args:
            text: The line, without its end.
        """
        if self._keys < 0:
            self._keys = os.open(self.console, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            import tty  # noqa: PLC0415 - Windows has none

            tty.setraw(self._keys)
        with suppress(BlockingIOError):
            while os.read(self._keys, 1 << 16):
                pass  # the log has it
        os.write(self._keys, f"{text}\n".encode())

    def run(self, command: str, seconds: float = 60) -> str:
        """Run a command in the shell on the console.

        Args:
            command: The command; one line.
            seconds: How long it may take.

        Returns:
            What it printed.

        Raises:
            DeadlineError: If it did not end in time.
        """
        mark = f"{time.monotonic_ns():x}"
        shown = f"{mark[:4]}''{mark[4:]}"  # the line that is echoed shall not look like what it prints
        start = len(self.log)
        self.type(f"echo {shown}-begin; {command}; echo {shown}-end")
        log = self.wait_for(f"{mark}-end", seconds, start=start)
        return log.partition(f"{mark}-begin\n")[2].partition(f"{mark}-end")[0]

    def close(self) -> None:
        """End it, and remove what was written for it."""
        process = getattr(self, "_process", None)
        if process is not None and process.poll() is None:
            process.kill()
        if process is not None:
            process.wait()
        if self._keys >= 0:
            os.close(self._keys)
            self._keys = -1
        if self._link is not None and self._link.is_symlink():
            self._link.unlink()
        self._errors.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def boot(
    image: VirtualUsbDevice | Node | Readable,
    *,
    profile: str | None = None,
    cmdline: str = "",
    memory: int = 512,
    console: str | os.PathLike[str] | None = None,
) -> BootedPhone:
    """Boot a virtual phone from its boot partition, or an image.

    Args:
        image: A virtual phone, or a boot image.
        profile: Family of the bootloader, a key of :data:`pmport.bootcheck.PROFILES`.
        cmdline: Words behind the image's command line.
        memory: MiB.
        console: A name under which the pseudo-terminal is found.

    Returns:
        The running phone; a context manager that ends it.

    Raises:
        FormatError: If the phone stays in its bootloader: nothing there, or nothing that can be started.
        MissingDependencyError: If QEMU is not installed.
        TransportError: If QEMU ends at once.
    """
    source = boot_partition(image) if isinstance(image, VirtualUsbDevice) else image
    return BootedPhone(chosen(source, profile=profile), cmdline=cmdline, memory=memory, console=console)
