"""Drivers and bindings, judged by the kernel's own programs: its compiler run, checkpatch, and dtschema."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest
from debian import CACHE, unpacked
from support import judge
from vendor_panels import drivable, made

from pmport.errors import FormatError
from pmport.panel import KernelSeries, Panel, binding, driver, names_of

KERNELS = (("linux-source-7.2", "sid"), ("linux-source-6.1", "bookworm"))
OPTIONS = """CONFIG_MODULES=y
CONFIG_64BIT=n
CONFIG_OF=y
CONFIG_GPIOLIB=y
CONFIG_I2C=y
CONFIG_REGULATOR=y
CONFIG_BACKLIGHT_CLASS_DEVICE=y
CONFIG_DRM=y
CONFIG_DRM_PANEL_NOVATEK_NT35510=y
CONFIG_DRM_PANEL_VISIONOX_R66451=y
"""
COMPRESSED = """qcom,compression-mode = "dsc"; qcom,mdss-dsc-slice-width = <540>; qcom,mdss-dsc-slice-height = <20>;
    qcom,mdss-dsc-bit-per-component = <8>; qcom,mdss-dsc-bit-per-pixel = <8>;"""
LIGHT = """qcom,mdss-dsi-bl-pmic-control-type = "bl_ctrl_dcs"; qcom,mdss-dsi-bl-max-level = <2047>;"""
SUPPLY = (
    """qcom,panel-supply-entries { entry@0 { qcom,supply-name = "vddio"; }; entry@1 { qcom,supply-name = "lab"; }; };"""
)


def made_up() -> list[Panel]:
    return [
        made(),
        made(COMPRESSED),
        made(COMPRESSED, on_command=None),
        made(LIGHT),
        made(LIGHT + "qcom,mdss-dsi-bl-inverted-dbv;"),
        made(LIGHT.replace("2047", "255")),
        made(SUPPLY),
        made(COMPRESSED + LIGHT + SUPPLY, reset_sequence=None),
        made(on_command=None, off_command=None, reset_sequence=None),
        made(
            on_command="320100000000020000060100000000010a1301000000000129",
            off_command="22010000000002000009010000000000",
        ),
        made(panel_type=b"dsi_cmd_mode\0".hex()),
    ]


def shape(panel: Panel) -> tuple[object, ...]:
    """What decides which lines a driver has; the numbers in them apart."""
    roles = [panel.sequence(role) for role in ("on", "off")]
    light = panel.backlight
    return (
        panel.dsc is not None,
        light is not None and (light.kind == "dcs", light.maximum > 255, light.big_endian),
        bool(panel.supplies),
        bool(panel.reset),
        panel.mode,
        [role is not None and (role.low_power, sorted({packet.kind for packet in role.packets})) for role in roles],
    )


def drivers(kernel: KernelSeries) -> dict[str, str]:
    """Drivers of every shape, each once."""
    shapes: dict[str, tuple[str, str]] = {}
    for panel in [*made_up(), *(panel for _, panel in drivable())]:
        try:
            text = driver(panel, kernel=kernel)
        except FormatError:
            continue
        shapes.setdefault(repr(shape(panel)), (names_of(panel).identifier, text))
    return {f"panel-{number}-{own.replace('_', '-')}.c": text for number, (own, text) in enumerate(shapes.values())}


def prepared(package: str, suite: str) -> tuple[Path, Path]:
    """A kernel's source and a folder in which its headers are made; kept between runs."""
    for program, debian in (("gcc", "gcc"), ("make", "make"), ("flex", "flex"), ("bison", "bison"), ("bc", "bc")):
        judge(program, debian)
    archive = unpacked(package, "all", suite) / f"usr/src/{package}.tar.xz"
    source, out = CACHE / suite / f"{package}-source", CACHE / suite / f"{package}-headers"
    with (CACHE / suite / f"{package}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (out / ".prepared").exists():
            source.mkdir(exist_ok=True)
            out.mkdir(exist_ok=True)
            unwanted = [f"--exclude=*/{folder}/*.c" for folder in ("drivers", "sound", "fs", "net", "Documentation")]
            subprocess.run(
                ["tar", "-xf", archive, "-C", source, "--strip-components=1", "--wildcards", *unwanted], check=True
            )
            settings = out / "panels.settings"
            settings.write_text(OPTIONS, encoding="ascii")
            make = ["make", "-s", "-C", str(source), f"O={out}", "ARCH=i386"]
            subprocess.run([*make, f"KCONFIG_ALLCONFIG={settings}", "allnoconfig"], check=True, capture_output=True)
            subprocess.run([*make, "-j2", "modules_prepare"], check=True, capture_output=True)
            (out / ".prepared").touch()
    return source, out


@pytest.mark.judge
@pytest.mark.online
@pytest.mark.slow
@pytest.mark.parametrize(("package", "suite"), KERNELS, ids=[package for package, _ in KERNELS])
def test_drivers_compile_without_a_warning_and_please_checkpatch(package: str, suite: str, tmp_path: Path) -> None:
    source, out = prepared(package, suite)
    texts = drivers(KernelSeries.of(str(source)))
    assert len(texts) > 8
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="ascii")
    (tmp_path / "Makefile").write_text(f"obj-m := {' '.join(name[:-2] + '.o' for name in texts)}\n", encoding="ascii")
    make = ["make", "-s", "-C", str(source), f"O={out}", "ARCH=i386", f"M={tmp_path}", "W=1", "-k", "-j2"]
    done = subprocess.run([*make, *(f"{name[:-2]}.o" for name in texts)], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-4000:]
    assert "warning:" not in said
    assert all((tmp_path / f"{name[:-2]}.o").exists() for name in texts)
    check = ["perl", str(source / "scripts/checkpatch.pl"), "--no-tree", "--strict", "--terse", "--no-summary"]
    for name in list(texts)[: len(made_up())]:
        said = subprocess.run(
            [*check, "--file", str(tmp_path / name)], capture_output=True, text=True, check=False
        ).stdout
        assert not said, said


@pytest.mark.judge
@pytest.mark.online
@pytest.mark.slow
def test_bindings_pass_dtschema(tmp_path: Path) -> None:
    source, _ = prepared(*KERNELS[0])
    judge("dtc", "device-tree-compiler")
    judge("cpp", "cpp")
    tools = tmp_path / "tools"
    subprocess.run([sys.executable, "-m", "venv", "--system-site-packages", tools], check=True)
    subprocess.run([tools / "bin/pip", "install", "-q", "dtschema"], check=True, timeout=200)
    folder = tmp_path / "display/panel"
    folder.mkdir(parents=True)
    common = source / "Documentation/devicetree/bindings/display/panel/panel-common.yaml"
    (folder / common.name).write_bytes(common.read_bytes())
    files = []
    for number, panel in enumerate(made_up()):
        name = f"boe,sample-{number}"
        files.append(folder / f"{name}.yaml")
        files[-1].write_text(binding(panel, compatible=name), encoding="ascii")
    said = _run(tools / "bin/dt-doc-validate", "-u", tmp_path, *files)
    assert not said, said
    _run(tools / "bin/dt-mk-schema", "-j", "-o", tmp_path / "schema.json", tmp_path / "display")
    for file in files:
        example = _run(tools / "bin/dt-extract-example", file)
        plain = subprocess.run(
            ["cpp", "-nostdinc", "-undef", "-x", "assembler-with-cpp", "-I", source / "include", "-"],
            input=example, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        blob = tmp_path / "example.dtb"
        subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", blob, "-"], input=plain, text=True, check=True)
        said = _run(tools / "bin/dt-validate", "-s", tmp_path / "schema.json", blob)
        assert not said, said


def _run(*command: object) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == 0, done.stderr
    return done.stdout if "extract" in str(command[0]) else done.stdout + done.stderr
