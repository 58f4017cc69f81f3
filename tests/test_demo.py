"""The guided tour goes through, on pmport's own image and on real ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import corpus_files, real

import pmport
from pmport import demo
from pmport.formats.reports.deviceinfo import DeviceInfo
from pmport.formats.reports.deviceinfo_lint import lint


def test_the_tour_flashes_what_it_built(tmp_path: Path) -> None:
    lines: list[str] = []
    phone = demo.run(tmp_path, echo=lines.append)
    text = "\n".join(lines)
    assert "The partition's sha256 is the file's; the phone started into system." in text
    assert "0123456789ABCDEF" not in text
    assert phone.mode == "system"
    info = DeviceInfo.parse((tmp_path / "device-pmport-demo" / "deviceinfo").read_bytes())
    assert not lint(info)
    with pmport.open(tmp_path / "boot.img") as built:
        assert pmport.facts.of(built).text("cmdline") == "console=ttyMSM0,115200n8 pmos.port=1"


@pytest.mark.corpus
@pytest.mark.parametrize("path", corpus_files("boot", "samsung-crespo-boot.img"), ids=lambda path: path.name)
def test_the_tour_takes_a_real_image(tmp_path: Path, path: Path) -> None:
    lines: list[str] = []
    demo.run(tmp_path, real(path), "samsung-crespo", lines.append)
    assert "sha256 is the file's" in "\n".join(lines)
