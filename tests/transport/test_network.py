"""Fastboot over TCP and UDP: with pmport and with the real program, also when packets are lost."""

from __future__ import annotations

import hashlib
import random
import socket
import subprocess
import threading
from pathlib import Path

import pytest
from support import judge

from pmport import flashers
from pmport.errors import NoDeviceError, TransportError
from pmport.section import Section
from pmport.transport import UdpTransport
from pmport.virtual import FastbootPhone, NetworkPhone, Partition

IMAGE = random.Random(1).randbytes(3 << 20)


def phone() -> FastbootPhone:
    return FastbootPhone("fastbootd", {"boot": Partition(8 << 20)}, serial="NETWORK01")


def written(device: FastbootPhone) -> str:
    return hashlib.sha256(device.partitions["boot"].read(0, len(IMAGE))).hexdigest()


@pytest.mark.parametrize("way", ["tcp", "udp"])
def test_an_image_goes_over_the_network(way: str) -> None:
    device = phone()
    with NetworkPhone(device) as server, flashers.open("fastboot", device=f"{way}:127.0.0.1:{server.port}") as flasher:
        assert flasher.client.getvars()["is-userspace"] == "yes"
        flasher.client.download(Section.of(IMAGE))
        flasher.client.flash("boot")
    assert written(device) == hashlib.sha256(IMAGE).hexdigest()


@pytest.mark.judge
@pytest.mark.parametrize("way", ["tcp", "udp"])
def test_the_real_fastboot_does_the_same(way: str, tmp_path: Path) -> None:
    device = phone()
    (tmp_path / "boot.img").write_bytes(IMAGE)
    with NetworkPhone(device) as server:
        command = [judge("fastboot", "fastboot"), "-s", f"{way}:127.0.0.1:{server.port}", "flash", "boot", "boot.img"]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    assert written(device) == hashlib.sha256(IMAGE).hexdigest()


def test_what_is_lost_on_the_way_is_sent_again() -> None:
    device = phone()
    with (
        NetworkPhone(device, drop=5) as server,
        flashers.open("fastboot", device=f"udp:127.0.0.1:{server.port}") as flasher,
    ):
        assert flasher.client.getvar("product")
        flasher.client.download(Section.of(b"x" * 3000))


def answering(*answers: bytes) -> int:
    """A port that gives these answers to UDP packets, the last one for ever."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    server.settimeout(3)

    def serve() -> None:
        with server:
            for number in range(20):
                try:
                    packet, address = server.recvfrom(4096)
                except TimeoutError:
                    return
                server.sendto(packet[:4] + answers[min(number, len(answers) - 1)], address)

    threading.Thread(target=serve, daemon=True).start()
    port: int = server.getsockname()[1]
    return port


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ((b"\x00",), "query with 1 bytes"),
        ((b"\x00\x00", b"\x00\x00\x04\x00"), "version 0"),
        ((b"\x00\x00", b"\x00\x01\x01\xff"), "packets of 511 bytes"),
    ],
)
def test_a_wrong_greeting_is_refused(answers: tuple[bytes, ...], words: str) -> None:
    with pytest.raises(TransportError, match=words):
        UdpTransport("127.0.0.1", answering(*answers))


def test_nobody_there_is_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(NoDeviceError, match="Nobody answers"):
        UdpTransport("127.0.0.1", port)
