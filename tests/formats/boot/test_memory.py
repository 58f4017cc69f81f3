"""How much memory large images take: a piece at a time, never a section."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import REPOSITORY

from pmport.formats.boot.image import BootImage

SIZE = 256 << 20
LIMIT = 40 << 10
"""KiB above the bare command."""


def peak(*arguments: str) -> int:
    """Peak resident memory (VmHWM) of the command, in KiB."""
    code = (
        "import sys\n"
        "from pmport.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "status = open('/proc/self/status').read()\n"
        "sys.stderr.write(status.split('VmHWM:')[1].split()[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        cwd=REPOSITORY,
    )
    return int(done.stderr.split()[-1])


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux' /proc")
def test_unpacking_hashing_and_repacking_256_mib_takes_40_mib_at_most(tmp_path: Path) -> None:
    path = tmp_path / "kernel"
    with path.open("wb") as file:
        for _ in range(SIZE >> 20):
            file.write(os.urandom(1 << 10) * 1024)
    with path.open("rb") as kernel, (tmp_path / "boot.img").open("wb") as target:
        BootImage.build(kernel, b"ramdisk", page_size=4096).write_to(target)
    path.unlink()
    bare = peak("--version")
    image, folder, new = (str(tmp_path / name) for name in ("boot.img", "out", "new.img"))
    assert peak("inspect", "--facts", image) - bare <= LIMIT
    assert peak("unpack", image, "-o", folder) - bare <= LIMIT
    (tmp_path / "out" / "ramdisk").write_bytes(b"another")
    assert peak("repack", folder, "-o", new) - bare <= LIMIT
    assert Path(new).stat().st_size == Path(image).stat().st_size
