"""A virtual phone on a real Linux kernel: a small virtual machine, its virtual USB controller, unmodified programs.

The guest runs Debian's kernel with an initramfs that pmport's own writer makes; its programs are the host's, read-only.
"""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from debian import unpacked
from support import IN_CI, REPOSITORY, judge

import pmport
from pmport.formats.streams.ramdisk import Ramdisk

pytestmark = [pytest.mark.online, pytest.mark.slow, pytest.mark.judge]
MODULES = ("virtio_pci", "9pnet_virtio", "9p", "vhci-hcd")
INIT = """#!/bin/busybox sh
B=/bin/busybox
$B mkdir -p /proc /sys /root
$B mount -t proc p /proc
$B mount -t sysfs s /sys
while read m; do $B insmod /m/$m; done < /order
$B mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro host /root
for d in proc sys; do $B mount --move /$d /root/$d; done
$B mount -t devtmpfs d /root/dev
$B mount -t tmpfs t /root/run
$B cp /guest.py /root/run/guest.py
$B chroot /root /usr/bin/env HOME=/run TMPDIR=/run PATH=/usr/sbin:/usr/bin:/sbin:/bin PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=@PATH@ @PYTHON@ /run/guest.py
$B poweroff -f
"""
GUEST = """
import hashlib, json, random, subprocess, time
from pathlib import Path
from pmport import flashers
from pmport.section import Section
from pmport.virtual import FastbootPhone, Partition
from pmport.virtual.usbip import KernelPort

image = random.Random(3).randbytes(1 << 20)
Path("/run/boot.img").write_bytes(image)
phone = FastbootPhone("lk", {"userdata": Partition(2 << 20)}, serial="KERNEL01")
told = {}
with KernelPort(phone):
    end = time.monotonic() + 20
    while time.monotonic() < end and not any(
        path.read_text().strip() == "KERNEL01" for path in Path("/sys/bus/usb/devices").glob("*/serial")
    ):
        time.sleep(0.1)
    time.sleep(0.5)
    run = subprocess.run(["fastboot", "devices"], capture_output=True, text=True, timeout=60)
    told["devices"] = run.stdout.split()
    run = subprocess.run(["fastboot", "flash", "userdata", "/run/boot.img"], capture_output=True, text=True, timeout=120)
    told["flash"] = run.returncode
    told["theirs"] = hashlib.sha256(phone.partitions["userdata"].read(0, len(image))).hexdigest()
    with flashers.open("fastboot", timeout=20) as flasher:
        told["product"] = flasher.client.getvar("product")
        flasher.client.download(Section.of(image[::-1]))
        flasher.client.flash("userdata")
    told["ours"] = hashlib.sha256(phone.partitions["userdata"].read(0, len(image))).hexdigest()
told["wanted"] = [hashlib.sha256(data).hexdigest() for data in (image, image[::-1])]
print("RESULT " + json.dumps(told), flush=True)
"""


def initramfs(kernel: Path, version: str) -> bytes:
    """Busybox, the modules in the order in which they are loaded, and what the guest does."""
    busybox = Path(judge("busybox", "busybox-static"))
    subprocess.run([shutil.which("depmod") or "/sbin/depmod", "-b", str(kernel), version], check=True)
    modprobe = shutil.which("modprobe") or "/sbin/modprobe"
    order: list[Path] = []
    for name in MODULES:
        command = [modprobe, "-d", str(kernel), "-S", version, "--show-depends", name]
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        order += [Path(line.split()[1]) for line in lines if line.startswith("insmod")]
    order = list(dict.fromkeys(order))
    folders = f"{REPOSITORY}:{sysconfig.get_path('purelib')}"
    init = INIT.replace("@PATH@", folders).replace("@PYTHON@", str(Path(sys.executable).resolve()))
    entries: list[tuple[str, int, bytes]] = [(name, 0o040755, b"") for name in ("bin", "m")]
    entries += [("bin/busybox", 0o100755, busybox.read_bytes()), ("init", 0o100755, init.encode())]
    entries += [(f"m/{path.name}", 0o100644, path.read_bytes()) for path in order]
    entries += [("order", 0o100644, "".join(f"{path.name}\n" for path in order).encode())]
    entries += [("guest.py", 0o100644, GUEST.encode())]
    return bytes(Ramdisk.build(entries))


@pytest.mark.skipif(platform.machine() != "x86_64" and not IN_CI, reason="the guest is an x86_64 machine")
def test_the_real_fastboot_flashes_a_virtual_phone_on_a_real_kernel(tmp_path: Path) -> None:
    qemu = judge("qemu-system-x86_64", "qemu-system-x86")
    judge("fastboot", "fastboot")
    kernel = unpacked("linux-image-amd64", "amd64")
    image = next(kernel.glob("boot/vmlinuz-*"))
    version = image.name.removeprefix("vmlinuz-")
    (tmp_path / "initramfs").write_bytes(initramfs(kernel, version))
    command = [qemu, "-M", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024"]
    command += ["-nodefaults", "-no-user-config", "-nographic", "-serial", "stdio", "-no-reboot"]
    command += ["-kernel", str(image), "-initrd", str(tmp_path / "initramfs")]
    command += ["-append", "console=ttyS0 quiet panic=-1 mitigations=off tsc=nowatchdog"]
    command += ["-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, stdin=subprocess.DEVNULL)
    results = [line.partition("RESULT ")[2] for line in run.stdout.splitlines() if "RESULT " in line]
    assert results, run.stdout[-4000:] + run.stderr[-2000:]
    told = json.loads(results[0])
    assert told["devices"] == ["KERNEL01", "fastboot"]
    assert told["flash"] == 0
    assert told["product"]
    assert [told["theirs"], told["ours"]] == told["wanted"]
    assert pmport.__file__
