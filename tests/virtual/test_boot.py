"""A virtual phone boots what was flashed: build, check, flash, boot, and what the log says of it."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from debian import unpacked
from support import judge

if TYPE_CHECKING:
    from pmport.section import Section

import pmport
from pmport import bootcheck, bootlog, device_db, generate, initramfs, virtual
from pmport.errors import DeadlineError, FormatError, MissingDependencyError
from pmport.findings import Severity
from pmport.formats import BootImage
from pmport.formats.streams.ramdisk import Ramdisk
from pmport.virtual import FastbootPhone, Partition, PyusbBackend
from pmport.virtual.boot_choice import boot_partition, chosen

RECORD = "nokia-argon"
SHELL = "/ # "
ARCHITECTURES = {"arm64": ("linux-image-arm64", "aarch64"), "armhf": ("linux-image-armmp", "armv7l")}


def kernel_of(architecture: str) -> tuple[Path, Path]:
    """A Debian kernel: its image, and the folder with its modules."""
    folder = unpacked(ARCHITECTURES[architecture][0], architecture)
    return next((folder / "boot").glob("vmlinuz-*")), folder


def busybox_of(architecture: str) -> Path:
    return unpacked("busybox-static", architecture) / "bin/busybox"


def flashed(image: bytes) -> FastbootPhone:
    """A virtual phone that was flashed by the flasher that real phones are flashed by."""
    phone = FastbootPhone("lk2nd", {"boot": Partition(96 << 20), "userdata": Partition(1 << 20)})
    plan = generate.flash_plan(device_db.load(RECORD), {"boot": image})
    with pmport.flashers.open("fastboot", backend=PyusbBackend([phone])) as flasher:
        flasher.run(plan)
    return phone


def built(kernel: Path, ramdisk: Section | bytes) -> bytes:
    """The record's image, with what a kernel says in full."""
    parts = generate.BootParts(kernel=kernel, ramdisk=ramdisk)
    return generate.boot_image(device_db.load(RECORD), parts, cmdline="panic=-1")["boot.img"].read()


@pytest.fixture
def phone(request: pytest.FixtureRequest) -> Iterator[virtual.BootedPhone]:
    """From parts to a running phone, for an architecture."""
    architecture: str = request.param
    judge("qemu-system-aarch64" if architecture == "arm64" else "qemu-system-arm", "qemu-system-arm")
    kernel, modules = kernel_of(architecture)
    root = initramfs.build(busybox_of(architecture), modules=initramfs.KernelModules(modules))
    image = built(kernel, root.packed)
    found = bootcheck.check(pmport.open(image))
    assert not [finding for finding in found if finding.severity in {Severity.ERROR, Severity.WARNING}]
    with virtual.boot(flashed(image)) as running:
        yield running


@pytest.mark.online
@pytest.mark.parametrize("phone", ARCHITECTURES, indirect=True)
def test_what_is_built_and_flashed_boots_to_a_shell(phone: virtual.BootedPhone) -> None:
    phone.wait_for(SHELL)
    assert phone.run("uname -m").strip() in {machine for _, machine in ARCHITECTURES.values()}
    assert "ready" in phone.run("cat /run/init.log")
    explained = bootlog.explain(phone.log.encode())
    assert not [row for row in explained if row.severity is Severity.ERROR]


@pytest.fixture(scope="module")
def gadget_root() -> initramfs.InitramfsBuilt:
    """A root with dropbear and its libraries, a gadget whose host is the same kernel, and two keys."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - only this test makes keys
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    keys = [Ed25519PrivateKey.generate() for _ in range(2)]
    private = [
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
        for key in keys
    ]
    public = keys[0].public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    packages = [
        packed(unpacked(name, "arm64"))
        for name in ("dropbear-bin", "libc6", "libtomcrypt1", "libtommath1", "libgmp10", "zlib1g", "libcrypt1")
    ]
    _, modules = kernel_of("arm64")
    return initramfs.build(
        busybox_of("arm64"),
        modules=initramfs.KernelModules(modules),
        load=("dummy_hcd", "cdc_acm", "cdc_ncm"),
        packages=packages,
        ssh_key=public.decode(),
        files={"tmp/right": private[0], "tmp/wrong": private[1]},
    )


def packed(folder: Path) -> bytes:
    """A folder as an archive."""
    rows: list[tuple[str, int, bytes]] = []
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            rows.append((name, mode, str(path.readlink()).encode()))
        elif path.is_file() and "/doc/" not in name and "/gconv/" not in name:
            rows.append((name, mode, path.read_bytes()))
    return bytes(Ramdisk.build(rows))


@pytest.mark.online
def test_the_cable_has_a_shell_and_ssh_opens_to_the_key_alone(gadget_root: initramfs.InitramfsBuilt) -> None:
    judge("qemu-system-aarch64", "qemu-system-arm")
    kernel, _ = kernel_of("arm64")
    with virtual.boot(flashed(built(kernel, gadget_root.packed)), memory=768) as phone:
        phone.wait_for(SHELL)
        appears = "n=0; until [ -c /dev/ttyACM0 ] && [ -d /sys/class/net/usb1 ] || [ $n = 60 ]; do sleep 1; n=$((n+1)); done; ls /dev/ttyACM0"
        assert (
            phone.run(appears, 90).strip() == "/dev/ttyACM0"
        )  # its other end is found some time after the shell is there
        acm = "stty -F /dev/ttyACM0 raw -echo; (sleep 1; echo; sleep 1; echo 'echo got-$((6*7))'; sleep 2) > /dev/ttyACM0 & timeout 6 cat /dev/ttyACM0"  # fmt: skip
        assert any("got-42" in phone.run(acm) for _ in range(3))
        host = "unshare -n sleep 600 & until [ $(readlink /proc/$!/ns/net) != $(readlink /proc/self/ns/net) ]; do sleep 1; done; ip link set usb1 netns $!; export host=$!; nsenter -t $host -n ifconfig usb1 172.16.42.2 up"  # fmt: skip
        phone.run(host)
        pinged = phone.run("nsenter -t $host -n ping -c 8 -w 45 172.16.42.1")  # the link needs a moment to come up
        assert " packets received" in pinged
        assert " 0 packets received" not in pinged
        for name in ("right", "wrong"):
            phone.run(f"dropbearconvert openssh dropbear /tmp/{name} /tmp/{name}.key")
        client = "nsenter -t $host -n dbclient -y -y"
        assert "uid=0" in phone.run(f"{client} -i /tmp/right.key root@172.16.42.1 id 2>&1 < /dev/null")
        for wrong in ("-i /tmp/wrong.key", ""):
            said = phone.run(f"DROPBEAR_PASSWORD=root {client} {wrong} root@172.16.42.1 id 2>&1 < /dev/null")
            assert "uid=0" not in said
            assert "No auth methods could be used" in said or "Permission denied" in said
        assert "refused" in phone.run("nsenter -t $host -n telnet 172.16.42.1 2>&1 < /dev/null")


def elf_of_another_machine() -> bytes:
    return (
        b"\x7fELF\x02\x01\x01"
        + bytes(9)
        + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0x400000, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    )


@pytest.mark.online
@pytest.mark.parametrize(
    ("damage", "rules"),
    [
        ("mode", {"root", "init"}),
        ("machine", {"root", "init"}),
        ("truncated", {"initramfs", "root", "init"}),
        ("compression", {"initramfs", "root", "init"}),
    ],
)
def test_a_wrong_initramfs_is_explained(damage: str, rules: set[str]) -> None:
    judge("qemu-system-aarch64", "qemu-system-arm")
    kernel, _ = kernel_of("arm64")
    root = initramfs.build(busybox_of("arm64"))
    archive = bytes(root.ramdisk)
    ramdisks = {
        "mode": bytes(Ramdisk.build([("init", 0o100644, b"#!/bin/sh\n")])),
        "machine": bytes(Ramdisk.build([("init", 0o100755, elf_of_another_machine())])),
        "truncated": bytes(root)[: len(bytes(root)) // 2],
        "compression": b"\x04\x22\x4d\x18" + archive[:100000],  # an LZ4 frame, which the kernel does not read
    }
    with virtual.boot(built(kernel, ramdisks[damage])) as phone:
        phone.wait_for("Kernel panic", 60)
        explained = bootlog.explain(phone.log.encode())
    first = [row for row in explained if row.severity is Severity.ERROR][:2]
    assert first
    assert any(word in f"{row.rule} {row.says} {row.cause}".lower() for row in first for word in rules), first


def test_the_boot_partition_is_that_of_the_active_slot() -> None:
    parts = {name: Partition(1 << 20, name.encode()) for name in ("boot_a", "boot_b")}
    phone = FastbootPhone("abl", parts, slots=("a", "b")) if "abl" in virtual.PROFILES else FastbootPhone("fastbootd", parts, slots=("a", "b"))  # fmt: skip
    assert boot_partition(phone).read() == b"boot_a"
    phone.model.current_slot = "b"
    assert boot_partition(phone).read() == b"boot_b"


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (b"no image at all" * 99, "finds no boot image"),
        (bytes(BootImage.build(b"", b"ramdisk" * 99)), "stays in its bootloader"),
        (bytes(BootImage.build(b"<html>error page</html>" * 99, b"r")), "stays in its bootloader"),
    ],
    ids=["no image", "no kernel", "a page"],
)
def test_a_phone_stays_in_its_bootloader_where_there_is_nothing_to_start(image: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        chosen(image)


def test_an_empty_phone_boots_nothing() -> None:
    with pytest.raises(FormatError, match="Nothing was written"):
        virtual.boot(FastbootPhone("lk2nd"))


ARM64 = struct.pack("<IIQQQQQQII", 0x91005A4D, 0x14000000, 0, 0x10000, 0xA, 0, 0, 0, 0x644D5241, 0) + bytes(8192)


def test_without_qemu_its_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingDependencyError, match="qemu-system-arm"):
        virtual.boot(BootImage.build(ARM64, b""))


def test_a_phone_that_says_nothing_ends_in_time_and_leaves_nothing(tmp_path: Path) -> None:
    judge("qemu-system-aarch64", "qemu-system-arm")
    with virtual.boot(BootImage.build(ARM64, b""), memory=64, console=tmp_path / "tty") as phone:
        assert (tmp_path / "tty").resolve() == phone.console
        with pytest.raises(DeadlineError, match="did not print"):
            phone.wait_for("login:", 0.3)
        assert phone.running
    assert not phone.running
    assert not (tmp_path / "tty").is_symlink()
    assert phone.log == ""


def test_the_command_watches_the_console(tmp_path: Path) -> None:
    judge("qemu-system-aarch64", "qemu-system-arm")
    (tmp_path / "boot.img").write_bytes(bytes(BootImage.build(ARM64, b"")))
    command = [
        sys.executable,
        "-m",
        "pmport",
        "virtual",
        "boot",
        str(tmp_path / "boot.img"),
        "--until",
        "x",
        "--seconds",
        "0.2",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 4
    assert "console: /dev/pts/" in done.stderr
    assert "did not print" in done.stderr
