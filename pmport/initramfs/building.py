"""Putting a minimal root together: the same inputs give the same bytes."""

from __future__ import annotations

import re
import shlex
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from pmport.bootcheck.ramdisk_section import RAMDISK_CODECS
from pmport.errors import FormatError, RecordError
from pmport.findings import Finding, Findings, Severity
from pmport.formats.streams.codecs import compress, decompress, kind_of
from pmport.formats.streams.ramdisk import Ramdisk
from pmport.initramfs.elf import machine_name, read_program
from pmport.initramfs.packages import PackageFile, package_files, plain_path
from pmport.render import Renders, Table, size_text
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.device_db import Device
    from pmport.formats.kernel.config import KernelConfig
    from pmport.initramfs.kernel_modules import KernelModule, KernelModules
    from pmport.section import Readable

__all__ = ["GADGET_MODULES", "InitramfsBuilt", "InitramfsOptions", "build"]

GADGET_MODULES = ("configfs", "libcomposite", "usb_f_acm", "usb_f_ncm", "usb_f_rndis", "usb_f_mass_storage", "loop", "vfat", "nls_cp437", "nls_iso8859_1")  # fmt: skip
"""Modules that the gadget and the export of logs need, where the kernel does not have them built in."""
BUSYBOX_PATHS = ("bin/busybox", "usr/bin/busybox", "bin/busybox.static", "sbin/busybox")
KEPT_FOLDERS = ("bin/", "sbin/", "lib/", "lib64/", "libexec/")
"""What is taken of packages beside busybox, below / and /usr; documentation and the like stay out."""
FIRMWARE_SUFFIXES = ("", ".xz", ".zst")
KEY = re.compile(r"(ssh-(rsa|ed25519)|ecdsa-sha2-nistp\d+|sk-\S+) [A-Za-z0-9+/=]+( .*)?")
TERMINAL = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,31}")
ACCOUNTS = "root:*:0:0:root:/root:/bin/sh\n"
"""A star is no password's hash: nobody comes in by a password."""


class InitramfsOptions(TypedDict, total=False):
    """What :func:`build` takes beside busybox, all by keyword.

    Attributes:
        modules: The modules of the kernel that it will run on; without any, everything needed is built in.
        load: Names of modules to load, beside those of the USB gadget.
        firmware: Folders in which the files that modules ask for are looked up, as ``/lib/firmware``.
        packages: Debian or Alpine packages whose programs and libraries go in, such as dropbear and what it needs.
        ssh_key: A public key; SSH opens to it and to nothing else, and telnet stays off.
        device: The record that USB numbers and the codename come from.
        consoles: Terminals that get a shell beside the kernel's own consoles: ``ttyMSM0``.
        files: Path → content of further files; they replace what stands there.
        compression: A key of :data:`pmport.formats.streams.codecs.KINDS` that the kernel reads; ``none``; else gzip.
        config: The kernel's configuration, to refuse a compression that it cannot read.
    """

    modules: KernelModules
    load: Sequence[str]
    firmware: Sequence[str | Path]
    packages: Sequence[Readable]
    ssh_key: str
    device: Device
    consoles: Sequence[str]
    files: Mapping[str, Readable]
    compression: str
    config: KernelConfig


@dataclass(frozen=True)
class InitramfsBuilt(Renders):
    """What was built.

    Args:
        ramdisk: The archive.
        packed: The archive, compressed.
        loaded: Modules in the order in which they are loaded.
        findings: Modules and firmware that were not found, and the like.
    """

    ramdisk: Ramdisk
    packed: Section
    loaded: tuple[str, ...]
    findings: Findings

    def __bytes__(self) -> bytes:
        return self.packed.read()

    def write(self, path: str | Path) -> None:
        """Write it, whole or not at all.

        Args:
            path: Where to.
        """
        from pmport.file_writing import replacing  # noqa: PLC0415 - only to write

        with replacing(path) as file:
            self.packed.copy_to(file)

    def view(self) -> Table:
        """What it holds.

        Returns:
            A table of sizes.
        """
        entries = list(self.ramdisk)
        rows = [(name, size_text(sum(e.size for e in entries if e.name.startswith(f"{name}/")))) for name in ("lib/modules", "lib/firmware", "bin")]  # fmt: skip
        rows += [
            ("modules loaded", str(len(self.loaded))),
            ("unpacked", size_text(sum(entry.size for entry in entries))),
            ("packed", size_text(self.packed.size)),
        ]
        return Table(("part", "size"), rows, title="Initramfs")


Tree = dict[str, PackageFile]


def build(
    busybox: Readable,
    *,
    modules: KernelModules | None = None,
    load: Sequence[str] = (),
    firmware: Sequence[str | Path] = (),
    packages: Sequence[Readable] = (),
    ssh_key: str = "",
    device: Device | None = None,
    consoles: Sequence[str] = (),
    files: Mapping[str, Readable] | None = None,
    compression: str = "gzip",
    config: KernelConfig | None = None,
) -> InitramfsBuilt:
    """Build a minimal root.

    Args:
        busybox: A static busybox, or a package or ramdisk with one in it.
        modules: See :class:`InitramfsOptions`, as all others.
        load: Names of modules.
        firmware: Folders of firmware.
        packages: Further packages.
        ssh_key: A public key.
        device: The device's record.
        consoles: Terminals with a shell.
        files: Further files.
        compression: How it is compressed.
        config: The kernel's configuration.

    Returns:
        The initramfs.

    Raises:
        FormatError: If busybox is no static program, or a package or module is damaged.
        RecordError: If a setting is none, or the kernel cannot read that compression.

    Example:
        >>> build(b"no program")
        Traceback (most recent call last):
            ...
        pmport.errors.FormatError: ...
    """
    _check_compression(compression, config)
    found: list[Finding] = []
    program = _busybox(busybox)
    machine = read_program(program.data).machine
    tree: Tree = {"bin/busybox": program, "bin/sh": PackageFile(stat.S_IFLNK | 0o777, Section.of(b"busybox"))}
    for package in packages:
        tree |= _programs(package_files(package))
    tree |= {"bin/busybox": program, "init": _file(_init_text(), 0o755)}
    order: tuple[KernelModule, ...] = ()
    if modules is not None:
        order, missing = modules.load_order([*load, *GADGET_MODULES])
        found += _missing(missing, load, modules.version)
        found += _strangers(order, machine)
        tree |= _module_files(order, modules.version)
        tree |= _firmware_files(order, firmware, found)
    tree |= _settings(device, consoles, ssh_key)
    if ssh_key and not any(path.rpartition("/")[2] == "dropbear" for path in tree):
        found.append(
            Finding(
                Severity.WARNING,
                "no-dropbear",
                "A key for SSH was given, and no dropbear is in it",
                why="telnet is off where a key is given, so that the network opens to nobody",
                fix="Add dropbear and the libraries that it needs, as packages",
            )
        )
    tree |= {_given_path(name): _file(Section.of(data).read(), 0o755 if _is_program(data) else 0o644) for name, data in (files or {}).items()}  # fmt: skip
    ramdisk = Ramdisk.build(_entries(tree))
    content = bytes(ramdisk)
    packed = Section.of(content if compression == "none" else compress(content, compression))
    return InitramfsBuilt(ramdisk, packed, tuple(module.name for module in order), Findings(found))


def _check_compression(compression: str, config: KernelConfig | None) -> None:
    if compression == "none":
        return
    codec = RAMDISK_CODECS.get(compression)
    if codec is None or compression == "lzop":
        known = ", ".join(["none", *(name for name in RAMDISK_CODECS if name != "lzop")])
        raise RecordError(f"{compression!r} is no compression that is written for kernels", remedy=f"Use {known}")
    if config is not None and not config.is_on(codec.option):
        on = [name for name, row in RAMDISK_CODECS.items() if config.is_on(row.option) and name != "lzop"]
        raise RecordError(
            f"The kernel cannot read a ramdisk that is compressed with {codec.title}: CONFIG_{codec.option} is off",
            remedy=f"Use {', '.join([*on, 'none'])}",
        )


def _busybox(source: Readable) -> PackageFile:
    section = Section.of(source)
    if section.read(0, 4) != b"\x7fELF":
        try:
            held = package_files(section)
        except FormatError as error:
            raise FormatError(
                f"There is no busybox: it is no program, and {error.what[0].lower()}{error.what[1:]}",
                format="busybox",
                remedy="Name a static busybox, or a package of one (busybox-static)",
            ) from None
        file = next((held[path] for path in BUSYBOX_PATHS if path in held and stat.S_ISREG(held[path].mode)), None)
        if file is None:
            raise FormatError("There is no busybox in the package", format="busybox", remedy="Name busybox-static")
        section = file.data
    program = read_program(section)
    if program.interpreter:
        raise FormatError(
            f"This busybox is not static: it wants {program.interpreter}",
            format="busybox",
            remedy="Name a static one: busybox-static of Debian or Alpine",
        )
    return PackageFile(stat.S_IFREG | 0o755, section)


def _programs(held: Mapping[str, PackageFile]) -> Tree:
    """Programs and libraries of a package; those of /usr go to / as in distributions that have merged both."""
    merged = {path.removeprefix("usr/"): file for path, file in held.items() if not stat.S_ISDIR(file.mode)}
    return {path: file for path, file in merged.items() if path.startswith(KEPT_FOLDERS)}


def _is_program(data: Readable) -> bool:
    return Section.of(data).read(0, 4)[:2] in {b"\x7fE", b"#!"}


def _init_text() -> bytes:
    return (files("pmport.initramfs") / "init.sh").read_bytes()


def _file(data: bytes, permissions: int = 0o644) -> PackageFile:
    return PackageFile(stat.S_IFREG | permissions, Section.of(data))


def _given_path(name: str) -> str:
    path = plain_path(name)
    if path is None:
        raise RecordError(f"{name!r} is no path in an initramfs")
    return path


def _missing(missing: Sequence[str], wanted: Sequence[str], version: str) -> Iterable[Finding]:
    asked = {name.replace("-", "_") for name in wanted}
    for name in missing:
        if name in asked:
            yield Finding(
                Severity.WARNING,
                "module-missing",
                f"Linux {version} has no module {name}",
                where=name,
                why="what it drives will not work before the root file system is there",
                fix="Take the modules of the kernel that will be booted, or build the module",
            )
    if "usb_f_acm" in missing:
        message = f"Linux {version} has no USB serial gadget"
        yield Finding(
            Severity.NOTE, "no-gadget", message, why="the cable will show no shell", fix="CONFIG_USB_CONFIGFS_ACM"
        )


def _strangers(order: Sequence[KernelModule], machine: int) -> Iterable[Finding]:
    for module in order[:1]:
        if module.machine != machine:
            yield Finding(
                Severity.ERROR,
                "architecture",
                f"busybox is for {machine_name(machine)}, and the modules are for {machine_name(module.machine)}",
                why="where a 64-bit kernel runs a 32-bit busybox that is meant; else init cannot be started",
                fix="Take both for the phone's architecture",
            )


def _module_files(order: Sequence[KernelModule], version: str) -> Tree:
    if not order:
        return {}
    folder = f"lib/modules/{version}"
    paths = {module.name: module.path for module in order}
    needs = "".join(
        f"{module.path}: {' '.join(paths[need] for need in module.needs if need in paths)}".rstrip() + "\n"
        for module in order
    )
    return {
        **{f"{folder}/{module.path}": PackageFile(stat.S_IFREG | 0o644, module.data) for module in order},
        f"{folder}/modules.dep": _file(needs.encode()),
        "etc/modules.load": _file("".join(f"{module.path}\n" for module in order).encode()),
    }


def _firmware_files(order: Sequence[KernelModule], folders: Sequence[str | Path], found: list[Finding]) -> Tree:
    tree: Tree = {}
    for module in order:
        for name in module.firmware:
            path = plain_path(name)
            held = _firmware_file(path, folders) if path else None
            if held is not None:
                tree[f"lib/firmware/{path}"] = _file(held)
            elif folders:
                message = f"The module {module.name} may ask for {name}, which is in none of the folders"
                found.append(Finding(Severity.NOTE, "firmware-missing", message, where=name))
    return tree


def _firmware_file(name: str, folders: Sequence[str | Path]) -> bytes | None:
    for folder in folders:
        for suffix in FIRMWARE_SUFFIXES:
            path = Path(folder) / f"{name}{suffix}"
            if path.is_file():
                data = path.read_bytes()
                return decompress(data) if suffix and kind_of(data[:16]) else data
    return None


def _settings(device: Device | None, consoles: Sequence[str], ssh_key: str) -> Tree:
    usb = device.usb if device is not None else None
    network = usb.network_function if usb is not None and usb.network_function else "ncm.usb0"
    for terminal in consoles:
        if not TERMINAL.fullmatch(terminal):
            raise RecordError(f"{terminal!r} is no terminal's name", remedy="Name it as in /dev: ttyMSM0")
    values = {
        "codename": device.codename if device is not None else "unknown",
        "usb_vendor": f"{(usb.vendor if usb else None) or 0x18D1:#06x}",
        "usb_product": f"{(usb.product if usb else None) or 0xD001:#06x}",
        "usb_manufacturer": (device.manufacturer if device is not None else "") or "pmport",
        "usb_name": (device.name if device is not None else "") or "minimal root",
        "usb_serial": "postmarketOS",
        "usb_networks": " ".join(dict.fromkeys([network, "ncm.usb0", "rndis.usb0"])),
        "usb_controller": usb.network_udc if usb is not None else "",
        "usb_wait": "10",
        "root_wait": "20",
        "phone_address": "172.16.42.1",
        "host_address": "172.16.42.2",
        "consoles": " ".join(consoles),
    }
    text = "# Read by /init: values of the shell\n" + "".join(
        f"{key}={shlex.quote(text)}\n" for key, text in values.items()
    )
    tree = {
        "etc/initramfs.conf": _file(text.encode()),
        "etc/passwd": _file(ACCOUNTS.encode()),
        "etc/group": _file(b"root:x:0:\n"),
        "etc/shells": _file(b"/bin/sh\n"),
    }
    if ssh_key:
        if not KEY.fullmatch(ssh_key.strip()):
            raise RecordError("The key is no public key of one line", remedy="Give the file that ends in .pub")
        tree["root/.ssh/authorized_keys"] = _file(f"{ssh_key.strip()}\n".encode(), 0o600)
        tree["root"] = tree["root/.ssh"] = PackageFile(stat.S_IFDIR | 0o700, Section.zeros(0))
    return tree


def _entries(tree: Tree) -> Iterable[tuple[str, int, Section]]:
    """Everything, folders before what is in them, by name."""
    folder = PackageFile(stat.S_IFDIR | 0o755, Section.zeros(0))
    for name in ("dev", "proc", "sys", "run", "tmp", "mnt", "root", "etc", "sbin", "usr"):
        tree.setdefault(name, folder)
    for name in ("bin", "sbin", "lib"):
        tree.setdefault(f"usr/{name}", PackageFile(stat.S_IFLNK | 0o777, Section.of(f"../{name}".encode())))
    for path in list(tree):
        parts = path.split("/")
        for depth in range(1, len(parts)):
            tree.setdefault("/".join(parts[:depth]), folder)
    for path in sorted(tree):
        yield path, tree[path].mode, tree[path].data
