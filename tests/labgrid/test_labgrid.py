"""A board farm flashes through pmport: labgrid's coordinator, exporter and client on this machine, with a virtual phone."""

from __future__ import annotations

import hashlib
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import IN_CI, REPOSITORY

from pmport.virtual import FastbootPhone, NetworkPhone, Partition

pytestmark = [pytest.mark.online, pytest.mark.slow]
CLIENT = """
import sys
from labgrid import Environment
target = Environment(sys.argv[1]).get_target("main")
driver = target.get_driver("PmportDriver")
print("product", driver.getvar("product"))
driver.flash_all()
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own: labgrid brings a fork of pyserial."""
    folder = tmp_path_factory.mktemp("labgrid") / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    run = subprocess.run([*pip, "labgrid", str(REPOSITORY)], capture_output=True, text=True, check=False)
    if run.returncode:
        reason = f"labgrid cannot be installed here: {run.stderr[-300:]}"
        if IN_CI:
            pytest.fail(reason)
        pytest.skip(reason)
    return folder / "bin"


@contextmanager
def running(*command: str, cwd: Path) -> Iterator[None]:
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
    return port


def test_a_phone_of_the_farm_is_flashed(programs: Path, tmp_path: Path) -> None:
    image = random.Random(9).randbytes(1 << 20)
    (tmp_path / "userdata.img").write_bytes(image)
    phone = FastbootPhone("fastbootd", {"userdata": Partition(2 << 20)})
    coordinator = f"127.0.0.1:{free_port()}"
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "LG_COORDINATOR": coordinator}

    def client(*words: str) -> None:
        end = time.monotonic() + 20
        while True:
            command = [str(programs / "labgrid-client"), "-x", coordinator, "-p", "phone", *words]
            run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            if not run.returncode:
                return
            assert time.monotonic() < end, run.stderr
            time.sleep(0.3)

    with NetworkPhone(phone) as server:
        (tmp_path / "exporter.yaml").write_text(
            f"desk:\n  AndroidNetFastboot: {{address: 127.0.0.1, port: {server.port}, protocol: tcp}}\n",
            encoding="utf-8",
        )
        (tmp_path / "farm.yaml").write_text(
            "imports: [pmport.labgrid]\n"
            "targets:\n  main:\n    resources: [{RemotePlace: {name: phone}}]\n"
            "    drivers: [{PmportDriver: {flash_images: {userdata: user-image}}}]\n"
            f"images: {{user-image: {tmp_path / 'userdata.img'}}}\n",
            encoding="utf-8",
        )
        exporter = (
            str(programs / "labgrid-exporter"),
            "-c",
            coordinator,
            "--hostname",
            "localhost",
            "--name",
            "farm",
            "exporter.yaml",
        )
        with (
            running(str(programs / "labgrid-coordinator"), "-l", coordinator, cwd=tmp_path),
            running(*exporter, cwd=tmp_path),
        ):
            client("create")
            client("add-match", "farm/desk/*")
            client("acquire")
            (tmp_path / "client.py").write_text(CLIENT, encoding="utf-8")
            run = subprocess.run(
                [str(programs / "python"), "client.py", "farm.yaml"], cwd=tmp_path, env=environment, capture_output=True, text=True,
                check=False, timeout=60,
            )  # fmt: skip
            assert run.returncode == 0, run.stderr[-3000:]
            assert "product virtual" in run.stdout
    assert hashlib.sha256(phone.partitions["userdata"].read(0, len(image))).digest() == hashlib.sha256(image).digest()
