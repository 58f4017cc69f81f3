"""Which modules of Debian's kernels serve a compatible string, as the compiler wrote it into them: the ground truth."""

from __future__ import annotations

import lzma
import re
from functools import lru_cache
from pathlib import Path

from debian import unpacked

ALIAS = re.compile(r"of:N\*T[^C]*C(.+?)(?:C\*)?$")
KERNELS = {"arm64": "linux-image-arm64", "armhf": "linux-image-armmp"}


@lru_cache(maxsize=2)
def kernel(architecture: str) -> Path:
    """The folder of the newest kernel's modules, trees and configuration."""
    return next((unpacked(KERNELS[architecture], architecture, "sid") / "usr/lib/modules").iterdir())


@lru_cache(maxsize=2)
def modules_by_compatible(architecture: str) -> dict[str, set[str]]:
    """Compatible string → modules that serve it (``drivers/input/rmi4/rmi_i2c``), built in or not."""
    top = kernel(architecture)
    found: dict[str, set[str]] = {}
    for path in top.rglob("*.ko.xz"):
        name = path.relative_to(top / "kernel").as_posix().removesuffix(".ko.xz")
        _add(found, name, re.findall(rb"\0alias=([^\0]+)", b"\0" + lzma.decompress(path.read_bytes())))
    built_in = (top / "modules.builtin.modinfo").read_bytes().split(b"\0")
    words = [re.match(rb"([^.]+)\.(file|alias)=(.*)", word, re.DOTALL) for word in built_in]
    files = {word[1]: word[3].decode() for word in words if word and word[2] == b"file"}
    for word in words:
        if word and word[2] == b"alias":
            _add(found, files.get(word[1], word[1].decode()), [word[3]])
    return found


def _add(found: dict[str, set[str]], name: str, aliases: list[bytes]) -> None:
    for alias in aliases:
        match = ALIAS.match(alias.decode("utf-8", "replace"))
        if match:
            found.setdefault(match[1], set()).add(name)
