"""Minimal roots: what goes in, in which order, and that equal inputs give equal bytes."""

from __future__ import annotations

import gzip
import io
import lzma
import stat
import struct
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import judge

from pmport import device_db, initramfs
from pmport.errors import FormatError, PmportError, RecordError
from pmport.formats.kernel.config import KernelConfig
from pmport.formats.streams.codecs import decompress
from pmport.formats.streams.ramdisk import Ramdisk
from pmport.initramfs.elf import read_program
from pmport.section import Section

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFuZCBpdCBpcyBhIHRlc3Qga2V5IG9ubHkuLi4u someone"


def packed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def elf(machine: int = 183, *, interpreter: bytes = b"", modinfo: bytes = b"") -> bytes:
    """An ELF file of 64 bits with what is read of one."""
    names = b"\0.modinfo\0.shstrtab\0"
    body = interpreter + modinfo + names
    start, count = 64, 1 if interpreter else 0
    segments_at = start + len(body)
    sections_at = segments_at + 56 * count
    head = b"\x7fELF\x02\x01\x01" + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, 0, segments_at, sections_at, 0, 64, 56, count, 64, 3, 2)
    segment = struct.pack("<IIQQQQQQ", 3, 4, start, 0, 0, len(interpreter), len(interpreter), 1) * count
    rows = struct.pack("<IIQQQQIIQQ", *([0] * 10))
    rows += struct.pack("<IIQQQQIIQQ", 1, 1, 0, 0, start + len(interpreter), len(modinfo), 0, 0, 1, 0)
    rows += struct.pack("<IIQQQQIIQQ", 10, 3, 0, 0, start + len(interpreter) + len(modinfo), len(names), 0, 0, 1, 0)
    return head + body + segment + rows


BUSYBOX = elf()


def module(folder: Path, name: str, *facts: str, machine: int = 183, suffix: str = "") -> None:
    data = elf(machine, modinfo=b"".join(f"{fact}\0".encode() for fact in facts))
    path = folder / "kernel/drivers" / f"{name}.ko{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lzma.compress(data) if suffix == ".xz" else packed(data) if suffix else data)


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    folder = tmp_path / "lib/modules/6.12.1-test"
    module(folder, "panel-acme", "depends=drm,backlight-core", "firmware=acme/panel.bin", suffix=".xz")
    module(folder, "drm", "depends=", "softdep=pre: gpu-sched i-am-not-there post: later")
    module(folder, "backlight-core", "depends=drm", suffix=".gz")
    module(folder, "gpu-sched")
    module(folder, "usb_f_acm", "depends=libcomposite")
    module(folder, "libcomposite")
    module(folder, "looped-a", "depends=looped-b")
    module(folder, "looped-b", "depends=looped-a")
    (folder / "modules.builtin").write_text("kernel/fs/configfs/configfs.ko\n", encoding="utf-8")
    return tmp_path


def names(built: initramfs.InitramfsBuilt) -> set[str]:
    return {entry.name for entry in built.ramdisk}


def test_modules_are_loaded_behind_what_they_need(kernel: Path) -> None:
    built = initramfs.build(BUSYBOX, modules=initramfs.KernelModules(kernel), load=("panel_acme",))
    assert built.loaded == ("gpu_sched", "drm", "backlight_core", "panel_acme", "libcomposite", "usb_f_acm")
    listed = built.ramdisk.read("etc/modules.load").decode().splitlines()
    assert [line.rsplit("/", 1)[-1] for line in listed][:2] == ["gpu-sched.ko", "drm.ko"]
    stored = built.ramdisk.read("lib/modules/6.12.1-test/kernel/drivers/panel-acme.ko")
    assert read_program(Section.of(stored)).machine == 183
    assert b"kernel/drivers/backlight-core.ko: kernel/drivers/drm.ko\n" in built.ramdisk.read("lib/modules/6.12.1-test/modules.dep")  # fmt: skip


def test_modules_that_need_each_other_end(kernel: Path) -> None:
    built = initramfs.build(BUSYBOX, modules=initramfs.KernelModules(kernel), load=("looped_a",))
    assert {"looped_a", "looped_b"} <= set(built.loaded)


def test_a_module_that_is_not_there_is_told_and_a_built_in_one_is_not(kernel: Path) -> None:
    built = initramfs.build(BUSYBOX, modules=initramfs.KernelModules(kernel), load=("ufs-acme", "configfs"))
    assert [f.where for f in built.findings if f.code == "module-missing"] == ["ufs_acme"]


def test_firmware_is_taken_from_the_folders_decompressed(kernel: Path, tmp_path: Path) -> None:
    (tmp_path / "firmware/acme").mkdir(parents=True)
    (tmp_path / "firmware/acme/panel.bin.xz").write_bytes(lzma.compress(b"panel firmware"))
    modules, load = initramfs.KernelModules(kernel), ("panel_acme",)
    built = initramfs.build(BUSYBOX, modules=modules, load=load, firmware=[tmp_path / "firmware"])
    assert built.ramdisk.read("lib/firmware/acme/panel.bin") == b"panel firmware"
    other = initramfs.build(BUSYBOX, modules=modules, load=load, firmware=[tmp_path])
    assert [f.where for f in other.findings if f.code == "firmware-missing"] == ["acme/panel.bin"]


def test_modules_of_another_architecture_are_told(tmp_path: Path) -> None:
    module(tmp_path / "lib/modules/6.1", "usb_f_acm", machine=40)
    built = initramfs.build(BUSYBOX, modules=initramfs.KernelModules(tmp_path))
    assert [f.code for f in built.findings] == ["architecture"]


@pytest.mark.parametrize("compression", ["gzip", "zstd", "xz", "lz4-legacy", "lzma", "bzip2", "none"])
def test_equal_inputs_give_equal_bytes(kernel: Path, compression: str) -> None:
    options: initramfs.InitramfsOptions = {"modules": initramfs.KernelModules(kernel), "compression": compression}
    first, second = (bytes(initramfs.build(BUSYBOX, **options)) for _ in range(2))
    assert first == second
    content = first if compression == "none" else decompress(first)
    assert Ramdisk.parse(content).read("bin/busybox") == BUSYBOX


def test_a_compression_that_the_kernel_cannot_read_is_refused() -> None:
    config = KernelConfig.build({"RD_GZIP": "y", "RD_ZSTD": "n"}, title="Linux/arm64 6.12.1")
    with pytest.raises(RecordError, match="CONFIG_RD_ZSTD is off"):
        initramfs.build(BUSYBOX, compression="zstd", config=config)
    assert initramfs.build(BUSYBOX, compression="gzip", config=config).packed.size
    with pytest.raises(RecordError, match="no compression"):
        initramfs.build(BUSYBOX, compression="lzop")


def test_the_settings_are_those_of_the_record_or_of_postmarketos() -> None:
    plain = initramfs.build(BUSYBOX).ramdisk.read("etc/initramfs.conf").decode()
    for line in ("usb_vendor=0x18d1", "usb_product=0xd001", "phone_address=172.16.42.1", "host_address=172.16.42.2"):
        assert f"{line}\n" in plain
    device = device_db.Device("acme-argon", name="Acme's $(Argon)", usb=device_db.Usb(vendor=0x1234, network_function="rndis.usb0"))  # fmt: skip
    text = initramfs.build(BUSYBOX, device=device, consoles=("ttyMSM0",)).ramdisk.read("etc/initramfs.conf").decode()
    for line in ("usb_vendor=0x1234", "usb_networks='rndis.usb0 ncm.usb0'", "consoles=ttyMSM0", "codename=acme-argon"):
        assert f"{line}\n" in text
    done = subprocess.run(["sh", "-c", f'{text}\nprintf %s "$usb_name"'], capture_output=True, text=True, check=True)
    assert done.stdout == "Acme's $(Argon)"


def test_the_key_alone_opens_and_no_host_key_is_shipped() -> None:
    built = initramfs.build(BUSYBOX, ssh_key=f"{KEY}\n")
    keys = built.ramdisk.find("root/.ssh/authorized_keys")
    assert keys is not None
    assert (stat.filemode(keys.mode), keys.data.read()) == ("-rw-------", f"{KEY}\n".encode())
    folder = built.ramdisk.find("root/.ssh")
    assert folder is not None
    assert stat.filemode(folder.mode) == "drwx------"
    assert built.ramdisk.read("etc/passwd").startswith(b"root:*:")
    assert not [name for name in names(built) if "host_key" in name]
    assert [f.code for f in built.findings] == ["no-dropbear"]


@pytest.mark.parametrize("key", ["-----BEGIN OPENSSH PRIVATE KEY-----", "", f"{KEY}\nssh-rsa AAAA", "nonsense"])
def test_what_is_no_public_key_is_refused(key: str) -> None:
    if not key:
        assert "root/.ssh" not in names(initramfs.build(BUSYBOX, ssh_key=key))
        return
    with pytest.raises(RecordError, match="public key"):
        initramfs.build(BUSYBOX, ssh_key=key)


def deb(files: dict[str, bytes], compression: str = "xz") -> bytes:
    data = tar(files)
    content = lzma.compress(data) if compression == "xz" else packed(data)
    member = f"data.tar.{compression}".ljust(16).encode() + b"0           0     0     100644  "
    member += f"{len(content)}".ljust(10).encode() + b"`\n" + content
    version = b"debian-binary   0           0     0     100644  4         `\n2.0\n"
    return b"!<arch>\n" + version + member


def tar(files: dict[str, bytes], form: int = tarfile.GNU_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for name, content in files.items():
            row = tarfile.TarInfo(name)
            row.size, row.mode = len(content), 0o755
            archive.addfile(row, io.BytesIO(content))
    return stream.getvalue()


def apk(files: dict[str, bytes]) -> bytes:
    control = packed(tar({".PKGINFO": b"pkgname = busybox\n"})[:1024])
    return control + packed(tar(files))


@pytest.mark.parametrize(
    "package",
    [
        deb({"./bin/busybox": BUSYBOX}),
        deb({"./usr/bin/busybox": BUSYBOX}, "gz"),
        apk({"bin/busybox.static": BUSYBOX}),
        bytes(Ramdisk.build([("bin/busybox", 0o100755, BUSYBOX)])),
        packed(bytes(Ramdisk.build([("./bin/busybox", 0o100755, BUSYBOX)]))),
    ],
    ids=["deb", "merged deb", "apk", "ramdisk", "packed ramdisk"],
)
def test_busybox_is_taken_out_of_packages(package: bytes) -> None:
    assert initramfs.build(package).ramdisk.read("bin/busybox") == BUSYBOX


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (b"", "no busybox"),
        (b"#!/bin/sh\n", "no busybox"),
        (elf(interpreter=b"/lib/ld-musl-aarch64.so.1\0"), "not static: it wants /lib/ld-musl"),
        (deb({"./bin/bash": BUSYBOX}), "no busybox in the package"),
        (deb({"./bin/busybox": BUSYBOX})[:-40], "damaged|cut short|ends|no busybox"),
        (elf()[:40], "no busybox|ELF"),
        (b"!<arch>\n" + b"x" * 70, "no busybox"),
    ],
    ids=["nothing", "script", "dynamic", "other package", "cut package", "cut program", "broken package"],
)
def test_what_is_no_static_busybox_is_refused(given: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        initramfs.build(given)


def test_no_file_of_a_package_leaves_the_root() -> None:
    evil = deb({"../../etc/shadow": b"x", "./bin/../../x": b"x", "/usr/lib/libx.so": b"lib"})
    built = initramfs.build(BUSYBOX, packages=[evil])
    assert "lib/libx.so" in names(built)
    assert not [name for name in names(built) if ".." in name or "shadow" in name]


def test_further_files_replace_what_stands_there() -> None:
    built = initramfs.build(BUSYBOX, files={"/init": b"#!/bin/sh\nexec sh\n", "etc/motd": b"hello"})
    entry = built.ramdisk.find("init")
    assert entry is not None
    assert (entry.data.read(), stat.filemode(entry.mode)) == (b"#!/bin/sh\nexec sh\n", "-rwxr-xr-x")
    with pytest.raises(RecordError, match="no path"):
        initramfs.build(BUSYBOX, files={"../x": b""})
    with pytest.raises(RecordError, match="no terminal"):
        initramfs.build(BUSYBOX, consoles=("ttyS0; reboot",))


def test_the_init_is_a_script_that_shells_accept() -> None:
    script = initramfs.build(BUSYBOX).ramdisk.read("init")
    for shell in (["sh"], [judge("busybox", "busybox-static"), "ash"]):
        subprocess.run([*shell, "-n"], input=script, check=True)


def test_cpio_lists_the_same_entries(kernel: Path) -> None:
    cpio = judge("cpio", "cpio")
    built = initramfs.build(BUSYBOX, modules=initramfs.KernelModules(kernel), compression="none")
    listed = subprocess.run([cpio, "-t", "--quiet"], input=bytes(built), capture_output=True, check=True)
    assert listed.stdout.decode().splitlines() == [entry.name for entry in built.ramdisk]


def test_a_folder_without_modules_or_with_several_kernels_is_refused(kernel: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecordError, match="holds no kernel's modules"):
        initramfs.KernelModules(tmp_path / "empty")
    (kernel / "lib/modules/6.13/kernel").mkdir(parents=True)
    with pytest.raises(RecordError, match="several kernels"):
        initramfs.KernelModules(kernel)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 400), st.binary(max_size=8))
def test_a_damaged_program_or_package_gives_a_format_error_or_is_read(at: int, patch: bytes) -> None:
    for good in (elf(modinfo=b"depends=\0"), deb({"./bin/busybox": BUSYBOX}), apk({"bin/busybox": BUSYBOX})):
        bad = good[:at] + patch + good[at + len(patch) :]
        try:
            initramfs.build(bad)
        except PmportError:
            continue
