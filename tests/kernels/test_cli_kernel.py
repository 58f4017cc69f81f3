"""``pmport kernel``, as it is typed."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from pmport.cli import main


def _run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["kernel", *map(str, args)])
    out, err = capsys.readouterr()
    return int(caught.value.code or 0), out, err


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.gz"
    path.write_bytes(gzip.compress(b"# Linux/arm64 6.12.0 Kernel Configuration\nCONFIG_ARM64=y\nCONFIG_USB=m\n"))
    return path


def test_check_tells_options_and_reasons(capsys: pytest.CaptureFixture[str], config: Path) -> None:
    code, out, _ = _run(capsys, "check", config, "--json")
    answer = json.loads(out)
    assert code == 1
    assert answer["result"]["passes"] is False
    assert {"option": "DM_CRYPT", "wanted": "y"}.items() <= next(
        f for f in answer["findings"] if f["option"] == "DM_CRYPT"
    ).items()


def test_check_without_a_version_is_no_success(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text('["category:default".">=6.1"."all"]\nUSB = "y"\n')
    (tmp_path / "config").write_text("CONFIG_ARM64=y\n")
    code, out, _ = _run(capsys, "check", tmp_path / "config", "--rules", tmp_path / "rules.toml")
    assert code == 1
    assert "version-unknown" in out
    assert _run(capsys, "check", tmp_path / "config", "--rules", tmp_path / "rules.toml", "--version", "6.0")[0] == 0


def test_ready_names_the_category(capsys: pytest.CaptureFixture[str], config: Path) -> None:
    code, out, _ = _run(capsys, "check", config, "--ready")
    assert code == 0
    assert out.startswith("This kernel may enter: ")
    data = json.loads(_run(capsys, "check", config, "--ready", "--json")[1])["result"]
    assert {"category", "verdict", "near_mainline", "evidence", "newer_rules"} <= data.keys()


def test_fragment_diff_and_merge_fit_together(capsys: pytest.CaptureFixture[str], config: Path, tmp_path: Path) -> None:
    code, text, _ = _run(capsys, "fragment", config, "-c", "netboot")
    assert code == 0
    assert "CONFIG_BLK_DEV_NBD=m" in text
    (tmp_path / "netboot.config").write_text(text)
    merged = tmp_path / "merged"
    assert _run(capsys, "merge", config, tmp_path / "netboot.config", "-o", merged)[0] == 0
    assert _run(capsys, "check", merged, "-c", "netboot")[0] == 0
    code, out, _ = _run(capsys, "diff", config, merged, "--fragment")
    assert sorted(_options(out)) == sorted(_options(text))


def _options(text: str) -> list[str]:
    return [line for line in text.splitlines() if "CONFIG_" in line]


def test_fragment_without_a_configuration_needs_a_kernel(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _run(capsys, "fragment", "--version", "6.1", "--arch", "aarch64", "-c", "wireguard")
    assert code == 0
    assert "CONFIG_WIREGUARD=m" in out
    assert _run(capsys, "fragment", "--version", "6.1")[0] == 2


def test_what_is_no_configuration_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text("x = 1\n")
    (tmp_path / "config").write_text("CONFIG_ARM64=y\n")
    code, _, err = _run(capsys, "check", tmp_path / "config", "--rules", tmp_path / "rules.toml")
    assert code == 3
    assert "rules.toml:1" in err
    (tmp_path / "other").write_bytes(b"\x00" * 100)
    assert _run(capsys, "check", tmp_path / "other")[0] == 3
