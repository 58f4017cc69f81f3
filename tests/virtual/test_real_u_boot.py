"""Real U-Boot, its sandbox, and the virtual U-Boot give the same answers; ours and AOSP's client write the same bytes."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from support import judge
from u_boot import ADDRESS, PARTITIONS, Sandbox, running

import pmport.flashers
from pmport.errors import DeviceRefusedError
from pmport.flashers.fastboot.client import FastbootClient
from pmport.section import Section
from pmport.transport.udp import PORT, UdpTransport
from pmport.virtual import FastbootPhone, Partition
from pmport.virtual.network import NetworkPhone

pytestmark = [pytest.mark.judge, pytest.mark.online, pytest.mark.slow]

T = TypeVar("T")
MIB = 1 << 20
REFUSED_AT_ONCE = (
    "getvar", "getvar:", "getvar:nope", "getvar:product", "getvar:version", "getvar:is-userspace", "getvar:current-slot",
    "getvar:max-download-size", "getvar:downloadsize", "getvar:version-baseband", "getvar:serialno", "getvar:platform",
    "getvar:has-slot:boot", "getvar:has-slot:dtbo", "getvar:has-slot:nope", "getvar:has-slot:", "getvar:has-slot",
    "getvar:partition-size:dtbo", "getvar:partition-size:boot_a", "getvar:partition-size:boot",
    "getvar:partition-size:nope", "getvar:partition-size", "getvar:partition-type:dtbo", "getvar:partition-type:nope",
    "getvar:is-logical:boot_a", "getvar:slot-count", "getvar:secure", "getvar:unlocked",
    "set_active", "set_active:a", "set_active:z", "erase:nope", "erase:", "flash:nope", "flash:",
    "download", "download:", "download:0", "download:00000000", "download:zz", "download:02000001", "download:ffffffff",
    "upload", "fetch:dtbo", "flashing lock", "flashing unlock", "flashing get_unlock_ability", "oem", "oem device-info",
    "oem unlock", "oem run", "oem run:true", "oem run:false", "oem console", "oem partconf", "oem bootbus", "oem board",
    "nonsense", "UCmd:true", "signature", "snapshot-update:cancel", "reboot-nonsense",
    "create-logical-partition:x:4096", "resize-logical-partition:dtbo:4096", "delete-logical-partition:dtbo",
    "update-super:super", "gsi:disable",
)  # fmt: skip
"""Commands that change nothing, or only what the other commands do not ask for."""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("u-boot")) as listening:
        yield listening


def answer(client: FastbootClient, command: str) -> str:
    try:
        return "OKAY" + client.command(command)
    except DeviceRefusedError as error:
        return "FAIL" + error.device_text


def answers(client: FastbootClient) -> dict[str, str]:
    return {command: answer(client, command) for command in REFUSED_AT_ONCE}


def over_udp(host: str, work: Callable[[FastbootClient], T], port: int = PORT) -> T:
    transport = UdpTransport(host, port)
    try:
        return work(FastbootClient(transport))
    finally:
        transport.close()


def virtual() -> FastbootPhone:
    partitions = {name: Partition(size * MIB) for name, size in PARTITIONS.items()}
    return FastbootPhone("uboot", partitions, slots=("a", "b"), serial="", variables={"product": "pmport-sandbox"})


def test_the_virtual_one_answers_as_the_real_one(sandbox: Sandbox) -> None:
    wanted = sandbox.inside(lambda: over_udp(ADDRESS, answers))
    with NetworkPhone(virtual()) as server:
        got = over_udp("127.0.0.1", answers, server.port)
    version = got.pop("getvar:version"), wanted.pop("getvar:version")
    assert version == ("OKAY0.4", "OKAY0.4")
    assert got == wanted


def test_what_it_lists_is_what_the_virtual_one_lists(sandbox: Sandbox) -> None:
    wanted = sandbox.inside(lambda: over_udp(ADDRESS, FastbootClient.getvars))
    with NetworkPhone(virtual()) as server:
        got = over_udp("127.0.0.1", FastbootClient.getvars, server.port)
    assert dict(got).keys() == dict(wanted).keys()
    differ = {name for name in dict(got) if got[name] != wanted[name]}
    assert differ <= {"version-bootloader"}


@pytest.mark.parametrize("size", [1, 512, 4097, 3 * MIB + 17])
def test_what_is_downloaded_is_on_its_disk(sandbox: Sandbox, size: int) -> None:
    image = random.Random(size).randbytes(size)

    def flash() -> None:
        with pmport.flashers.open("fastboot", device=f"udp:{ADDRESS}") as flasher:
            flasher.client.download(Section.of(image))
            flasher.client.flash("boot_a")

    sandbox.inside(flash)
    assert sandbox.content("boot_a", size) == image


def test_what_is_erased_is_gone(sandbox: Sandbox) -> None:
    def erase() -> None:
        with pmport.flashers.open("fastboot", device=f"udp:{ADDRESS}") as flasher:
            flasher.client.download(Section.of(b"x" * 4096))
            flasher.client.flash("dtbo")
            flasher.client.erase("dtbo")

    sandbox.inside(erase)
    assert sandbox.content("dtbo", 4096) == bytes(4096)


def test_too_large_is_refused_and_the_next_partition_is_untouched(sandbox: Sandbox) -> None:
    before = sandbox.content("userdata", MIB)

    def flash() -> str:
        with pmport.flashers.open("fastboot", device=f"udp:{ADDRESS}") as flasher:
            flasher.client.download(Section.of(b"L" * (4 * MIB + 1)))
            return answer(flasher.client, "flash:dtbo")

    refusal = sandbox.inside(flash)
    assert sandbox.content("userdata", MIB) == before
    phone = virtual()
    with NetworkPhone(phone) as server, pmport.flashers.open("fastboot", device=f"udp:127.0.0.1:{server.port}") as ours:
        ours.client.download(Section.of(b"L" * (4 * MIB + 1)))
        assert answer(ours.client, "flash:dtbo") == refusal


def test_aosp_and_pmport_write_the_same(sandbox: Sandbox, tmp_path: Path) -> None:
    program = judge("fastboot", "fastboot")
    image = b"ANDROID!" + random.Random(7).randbytes(2 * MIB)
    file = tmp_path / "boot.img"
    file.write_bytes(image)

    def theirs() -> int:
        command = [program, "-s", f"udp:{ADDRESS}", "flash", "boot_b", str(file)]
        return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode

    assert sandbox.inside(theirs) == 0
    assert sandbox.content("boot_b", len(image)) == image


def test_the_announced_rest_of_a_download_is_no_trap(sandbox: Sandbox) -> None:
    """A run that was killed left it waiting for data; the next one ends that by itself."""

    def half() -> str:
        transport = UdpTransport(ADDRESS)
        transport.write(b"download:00010000", 5)
        transport.read(64, 5)
        transport.write(b"x" * 1000, 5)
        transport.close()
        with pmport.flashers.open("fastboot", device=f"udp:{ADDRESS}") as flasher:
            product: str = flasher.client.getvar("product")
            return product or str(flasher.client.getvar("product"))

    assert sandbox.inside(half) == "pmport-sandbox"
