"""The guided tour: a stock image in, a flashed port out, on a virtual phone."""

from __future__ import annotations

import gzip
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pmport
from pmport.formats.boot.image import BootImage
from pmport.formats.streams.ramdisk import Ramdisk
from pmport.node import Role
from pmport.render import size_text
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.flashers import FastbootFlasher
    from pmport.node import Node
    from pmport.virtual import FastbootPhone

__all__ = ["run", "stock_image"]

KERNEL_VERSION = "4.9.112-stock"
BANNER = f"Linux version {KERNEL_VERSION} (builder@example) (gcc) #1 SMP PREEMPT\n"
Echo = Callable[[str], object]


def device_tree() -> bytes:
    """A device tree such as a vendor's: Qualcomm's ids, a panel, a touch controller, a console.

    Returns:
        The blob.
    """
    tree = pmport.devicetree.DeviceTree()
    root = tree.root
    root["model"] = "pmport demo phone"
    root["compatible"] = ["pmport,demo", "qcom,msm8916"]
    root["qcom,msm-id"] = [206, 0]
    root["qcom,board-id"] = [0xDE30, 0]  # no phone of the database has it
    root["#address-cells"] = root["#size-cells"] = [1]
    root.add("chosen")["stdout-path"] = "serial0:115200n8"
    memory = root.add("memory@80000000")
    memory["device_type"] = "memory"
    memory["reg"] = [0x80000000, 0x40000000]
    soc = root.add("soc")
    soc["compatible"] = "simple-bus"
    serial = soc.add("serial@78b0000")
    serial["compatible"] = "qcom,msm-uartdm"
    serial["reg"] = [0x78B0000, 0x200]
    root.add("aliases")["serial0"] = "/soc/serial@78b0000"
    bus = soc.add("i2c@78b9000")
    bus["compatible"] = "qcom,i2c-qup-v2.2.1"
    bus["reg"] = [0x78B9000, 0x500]
    bus["#address-cells"] = [1]
    bus["#size-cells"] = [0]
    touch = bus.add("touchscreen@38")
    touch["compatible"] = "edt,edt-ft5406"
    touch["reg"] = [0x38]
    return bytes(tree)


def kernel() -> bytes:
    """An arm64 Image of 1 MiB, gzipped, with a device tree behind it.

    Returns:
        What stands in the kernel section.
    """
    body = (BANNER.encode() + bytes(4096 - len(BANNER))) * 255
    size = 64 + len(body)
    header = struct.pack("<IIQQQQQQII", 0x91005A4D, 0x14000010, 0x80000, size, 0b1010, 0, 0, 0, 0x644D5241, 0)
    return gzip.compress(header + body, mtime=0) + device_tree()


def ramdisk() -> bytes:
    """A ramdisk with an init, gzipped.

    Returns:
        The archive.
    """
    entries = ((".", 0o40755, b""), ("init", 0o100755, b"#!/bin/sh\nexec /bin/sh\n"))
    return gzip.compress(bytes(Ramdisk.build(entries)), mtime=0)


def stock_image() -> BootImage:
    """A boot image as a phone's maker ships it, made from nothing.

    Returns:
        The image, header version 0.
    """
    return BootImage.build(
        kernel(),
        ramdisk(),
        page_size=2048,
        kernel_addr=0x80008000,
        ramdisk_addr=0x81000000,
        second_addr=0x80F00000,
        tags_addr=0x80000100,
        cmdline="console=ttyMSM0,115200n8 androidboot.hardware=qcom androidboot.serialno=0123456789ABCDEF",
        name="demo",
        os_version="8.1.0",
        os_patch_level="2018-10",
    )


def run(folder: Path, image: Path | None = None, codename: str = "pmport-demo", echo: Echo = print) -> FastbootPhone:
    """Take the tour.

    Args:
        folder: Where the package and the images are written.
        image: A stock boot image; None: :func:`stock_image`.
        codename: Name of the port.
        echo: Told each line.

    Returns:
        The virtual phone, flashed and started.
    """
    step = _steps(echo)
    stock = image.read_bytes() if image else bytes(stock_image())
    phone = _phone(stock)
    step(
        f"A phone is on the cable (a virtual one). Its boot partition holds {image.name if image else 'a stock image that pmport made'}."
    )
    with _connected(phone) as flasher:
        getvars = flasher.client.getvars()
        path = folder / "stock-boot.img"
        with path.open("wb") as target:
            size = flasher.client.fetch("boot", target)
    kept = _without_fill(path)
    echo(
        f"product {getvars.product}; read {size_text(size)} of boot back, {size_text(kept)} of it are the image: {path.name}"
    )
    with pmport.open(path) as stock_node:
        step("What is in it?")
        echo(str(stock_node.view()))
        facts = pmport.facts.of(stock_node) | pmport.facts.of(getvars)
        echo("")
        echo(str(facts.view()))
        step("A device record, a deviceinfo and a device package from these facts; what they cannot tell is asked for.")
        draft = _draft(facts, codename)
        package = pmport.generate.device_package(draft.device, draft.questions)
        _write(folder / f"device-{codename}", package)
        echo(package["deviceinfo"])
        echo(f"{len(draft.needed)} questions are open; {', '.join(sorted(package))} are in device-{codename}/")
        step("A boot image for the port: the stock one with another command line, its id made anew.")
        built = _ported(stock_node)
        target_path = folder / "boot.img"
        with target_path.open("wb") as file:
            built.write_to(file)
    echo(f"{target_path.name}: {size_text(target_path.stat().st_size)}")
    step("The plan. It prints itself; nothing is touched yet.")
    plan = pmport.generate.flash_plan(draft.device, {"boot": target_path}, getvars)
    echo(str(plan))
    step("Now it runs.")
    with _connected(phone) as flasher:
        flasher.run(plan, lambda event: _tell(event, echo))
    written = phone.partitions["boot"].sha256(target_path.stat().st_size)
    step("Done.")
    same = "is the file's" if written == Section.of(target_path.read_bytes()).sha256() else "DIFFERS from the file's"
    echo(f"The partition's sha256 {same}; the phone started into {phone.mode}.")
    return phone


def _steps(echo: Echo) -> Callable[[str], None]:
    count = iter(range(1, 100))

    def step(text: str) -> None:
        echo(f"\n── {next(count)} ── {text}\n")

    return step


def _phone(stock: bytes) -> FastbootPhone:
    from pmport.virtual import FastbootPhone, Partition  # noqa: PLC0415 - keeps `import pmport.demo` light

    room = max(16 << 20, -(-len(stock) // (1 << 20)) << 20)
    parts = {"boot": Partition(room, stock), "recovery": Partition(room), "userdata": Partition(1 << 30, kind="ext4")}
    return FastbootPhone("lk2nd", parts, serial="0123456789ABCDEF")


@contextmanager
def _connected(phone: FastbootPhone) -> Iterator[FastbootFlasher]:
    from pmport.virtual import PyusbBackend  # noqa: PLC0415 - as above

    with pmport.flashers.open("fastboot", backend=PyusbBackend([phone])) as flasher:
        yield flasher


def _without_fill(path: Path) -> int:
    """Cut off the zeros between the end of the image and the end of the partition."""
    with pmport.open(path) as image:
        *_, last = image.parts()
        size = image.size - (last.section.size if last.role is Role.TAIL and last.section.is_zero() else 0)
    os.truncate(path, size)
    return size


def _draft(facts: pmport.facts.DeviceFacts, codename: str) -> pmport.device_db.Draft:
    vendor, _, name = codename.partition("-")
    arch = facts.text("arch") or "aarch64"
    return pmport.device_db.draft(
        facts,
        codename=codename,
        name=name.title(),
        manufacturer=vendor.title(),
        year=2018,
        chassis="handset",
        arch=arch,
    )


def _write(folder: Path, package: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in package.items():
        (folder / name).write_text(text, encoding="utf-8", errors="surrogateescape", newline="\n")


def _ported(stock: Node) -> Node:
    """The stock image with the port's command line; what is no boot image of one's own goes as it is."""
    if isinstance(stock, BootImage):
        return stock.replace(cmdline="console=ttyMSM0,115200n8 pmos.port=1")
    return stock


def _tell(event: pmport.events.Event, echo: Echo) -> None:
    if isinstance(event, pmport.events.StepFinished):
        echo(f"{event.step}: done in {event.seconds:.2f} s")
    elif isinstance(event, pmport.events.DeviceText):
        echo(f"(phone) {event.text}")
