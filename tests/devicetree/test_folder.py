"""A device tree that is kept as files: a folder like ``/proc/device-tree``, or an archive of one."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from support import judge

from pmport.cli import pmport as command
from pmport.devicetree import Blob, DeviceTree, parse_source, read_folder

SOURCE = """/ {
    compatible = "acme,board"; #address-cells = <1>;
    empty { };
    soc@0 { flag; reg = <0>; serial@1 { name = "other"; status = "okay"; }; };
};"""


def values(tree: DeviceTree) -> dict[str, dict[str, bytes]]:
    return {node.path: node.raw for node in tree.walk()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The tree as Linux shows it: a ``name`` file in each folder."""
    top = tmp_path / "device-tree"
    for node in parse_source(SOURCE.replace('name = "other";', "")).walk():
        place = top / node.path.strip("/")
        place.mkdir(parents=True)
        (place / "name").write_bytes(node.unit_name.encode() + b"\0")
        for name, value in node.raw.items():
            (place / name).write_bytes(value)
    return top


def test_a_folder_is_a_tree_without_its_name_files(folder: Path) -> None:
    tree = read_folder(folder)
    assert values(tree) == values(parse_source(SOURCE.replace('name = "other";', "")))
    (folder / "soc@0" / "link").symlink_to(folder)
    assert values(read_folder(folder)) == values(tree)
    with pytest.raises(NotADirectoryError):
        read_folder(folder / "compatible")


@pytest.mark.judge
def test_dtc_reads_the_same_of_a_folder(folder: Path) -> None:
    dtc = judge("dtc", "device-tree-compiler")
    made = subprocess.run([dtc, "-q", "-s", "-I", "fs", "-O", "dtb", str(folder)], capture_output=True, check=True)
    ours = folder.with_name("ours.dtb")
    run = CliRunner().invoke(command, ["dt", "compile", "-qs", "-I", "fs", str(folder), "-o", str(ours)])
    assert run.exit_code == 0, run.output
    assert ours.read_bytes() == made.stdout


@pytest.mark.parametrize("inside", ["device-tree", "./proc/device-tree", "a/b/base"])
def test_an_archive_of_a_folder_is_opened_too(folder: Path, inside: str) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.add(folder, arcname=inside)
    archived = folder.with_name("tree.tar.gz")
    archived.write_bytes(packed.getvalue())
    out = folder.with_name("out.dtb")
    run = CliRunner().invoke(command, ["dt", "compile", "-q", str(archived), "-o", str(out)])
    assert run.exit_code == 0, (run.output, run.exception)
    assert values(Blob.parse(out.read_bytes()).tree()) == values(read_folder(folder))


def test_dtcs_options_are_taken(folder: Path) -> None:
    source, out, deps = folder.with_name("a.dts"), folder.with_name("a.dtb"), folder.with_name("a.d")
    folder.with_name("b.dtsi").write_text("/ { l: b { c = <&l>; }; };", encoding="utf-8")
    source.write_text('/dts-v1/;\n/include/ "b.dtsi"\n/ { a; };', encoding="utf-8")

    def blob(*options: str) -> Blob:
        arguments = ["dt", "compile", "-I", "dts", "-O", "dtb", str(source), "-o", str(out), *options]
        out.unlink(missing_ok=True)
        deps.unlink(missing_ok=True)
        run = CliRunner().invoke(command, arguments)
        assert run.exit_code == 0, run.output
        return Blob.parse(out.read_bytes())

    plain = blob().size
    assert blob("-p", "0x10").size == plain + 16
    assert blob("-S", "1000", "-a", "64").size == 1024
    assert blob("-R", "2").size == plain + 32
    assert blob("-b", "17").header.boot_cpuid_phys == 17
    assert blob("-V", "16").header.version == 16
    assert set(blob("-H", "both").tree()["/b"].raw) == {"c", "linux,phandle", "phandle"}
    assert blob("-A").tree()["/aliases"]["l"].string == "/b"
    assert blob("-@").tree()["/__symbols__"]["l"].string == "/b"
    assert "c" in blob("-L").tree()["/__local_fixups__/b"].raw
    assert list(blob("-s").tree().root.raw) == ["a"]
    blob("-d", str(deps))
    assert deps.read_text(encoding="utf-8") == f"{out}: {source} {folder.with_name('b.dtsi')}\n"
    for wrong in (["-p", "1", "-S", "1"], ["-a", "3"], ["-b", "x"], ["-b", "0x100000000"]):
        assert CliRunner().invoke(command, ["dt", "compile", str(source), *wrong]).exit_code == 2
