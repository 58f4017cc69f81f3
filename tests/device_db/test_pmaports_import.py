"""A pmaports checkout becomes records: the ones that are shipped."""

from __future__ import annotations

import shlex
import subprocess
import time
from pathlib import Path

import pytest
from support import MIRRORS

from pmport import device_db, generate
from pmport.device_db.device import Device
from pmport.device_db.pmaports_import import Apkbuild, read_checkout
from pmport.errors import RecordError
from pmport.formats.reports.deviceinfo import DeviceInfo
from pmport.formats.reports.deviceinfo_lint import Schema, lint

PMAPORTS = MIRRORS / "pmaports"
needs_pmaports = pytest.mark.skipif(not PMAPORTS.exists(), reason=f"a checkout of pmaports is not here: {PMAPORTS}")


def test_an_apkbuild_is_read_without_running_it() -> None:
    text = 'pkgname=device-a-b\n_x="$(touch /x)"\ndepends="linux-a mkbootimg"\nkernel_y() {\n\tpkgdesc="Y"\n\tdepends="linux-y"\n}\n'
    package = Apkbuild.parse(text)
    assert package.words("depends") == ("linux-a", "mkbootimg")
    assert package.words("depends", "kernel_y") == ("linux-y",)
    assert package.variables["_x"] == "$(touch /x)"


def test_a_folder_that_is_no_checkout_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="Name a pmaports checkout"):
        list(read_checkout(tmp_path))


@needs_pmaports
def test_the_whole_checkout_is_read_and_agrees_with_the_shipped_records(capsys: pytest.CaptureFixture[str]) -> None:
    found = dict(read_checkout(PMAPORTS))
    unreadable = {codename: device for codename, device in found.items() if isinstance(device, RecordError)}
    assert not unreadable
    kernels = 0
    for codename, device in found.items():
        assert isinstance(device, Device)
        shipped = device_db.load(codename)
        assert generate.deviceinfo_values(device) == generate.deviceinfo_values(shipped), codename
        assert device.package.depends == shipped.package.depends, codename
        kernels += device.kernels == shipped.kernels
    with capsys.disabled():
        pass
    assert len(found) >= 665


@needs_pmaports
def test_every_raw_deviceinfo_reads_as_sh_reads_it() -> None:
    files = sorted(PMAPORTS.glob("device/*/device-*/deviceinfo"))
    start = time.process_time()
    infos = [DeviceInfo.parse(path.read_bytes()) for path in files]
    [lint(info) for info in infos]
    time.process_time() - start
    script = "".join(f"( . '{path}'; set | grep ^deviceinfo_ ; echo == )\n" for path in files)
    shell = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=True, encoding="utf-8", env={"LC_ALL": "C.UTF-8"}
    )
    for path, info, block in zip(files, infos, shell.stdout.split("==\n"), strict=False):
        assert str(info).encode("utf-8", "surrogateescape") == path.read_bytes()
        seen = dict(line.split("=", 1) for line in block.splitlines())
        for key, value in info.items():
            assert "".join(shlex.split(seen[f"deviceinfo_{key}"])) == value or seen[f"deviceinfo_{key}"] == value, path


@needs_pmaports
def test_the_shipped_schema_says_what_pmaports_says() -> None:
    theirs = Schema.parse((PMAPORTS / "deviceinfo_schema.toml").read_text(encoding="utf-8"))
    ours = Schema.shipped()
    assert set(ours.variables) == set(theirs.variables)
    assert ours.live == theirs.live or set(ours.live) == set(theirs.live)
    facts = ("datatype", "default_value", "enum_values", "integer_interval", "mandatory")
    for key in ours.live:
        assert [ours.variables[key].get(f) for f in facts] == [theirs.variables[key].get(f) for f in facts], key
    assert ours.renamed == theirs.renamed
