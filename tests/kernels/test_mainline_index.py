"""An index of a kernel tree is reproducible, and says which driver serves which device and what switches it on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from debian import unpacked

from pmport.cli import pmport as command
from pmport.errors import FormatError, RecordError
from pmport.formats.kernel.config import KernelConfig
from pmport.kernels import MainlineIndex, build_index, load_index, shipped_series
from pmport.kernels.expressions import blockers, evaluate, symbols_of
from pmport.kernels.reach import Reach
from pmport.kernels.renames import FILE, other_names, renames_text

TREE = {
    "Makefile": "VERSION = 6\nPATCHLEVEL = 99\nSUBLEVEL = 3\nEXTRAVERSION = -rc1\n",
    "Kconfig": 'source "drivers/Kconfig"\n',
    "drivers/Kconfig": (
        'menuconfig ACME\n\ttristate "Acme"\n\tdepends on OF\n\nif ACME\nconfig ACME_PUMP\n\ttristate "Pump"\n\tdepends on I2C || SPI\n'
        "\tselect ACME_CORE if OF\n\thelp\n\t  Says config HIDDEN here.\nendif\n\n"
        'config ACME_FAST\n\tbool "Fast" if EXPERT\n\nconfig ACME_CORE\n\ttristate\n'
    ),
    "drivers/Makefile": "obj-$(CONFIG_ACME) += acme/\nobj-$(subst m,y,$(CONFIG_ACME)) += always/\n",
    "drivers/acme/Makefile": "obj-$(CONFIG_ACME_PUMP) += acme-pump.o\nacme-pump-y := core.o\nacme-pump-$(CONFIG_ACME_FAST) += fast.o\n",
    "drivers/acme/core.c": (
        '#define NAME "acme,pump-v2"\n#include "table.h"\nstatic const struct of_device_id ids[] = {\n\t{ .compatible = "acme,pump" }, /* "no,string" */\n'
        '\t{ .compatible = NAME },\n\t{ }\n};\nstatic const struct i2c_device_id i2c_ids[] = { { "pump", 0 }, { } };\n'
        "static struct i2c_driver pump = { .driver = { .of_match_table = ids }, .id_table = i2c_ids };\n"
        "static struct platform_driver flat = { .driver = { .of_match_table = of_match_ptr(more) } };\n"
    ),
    "drivers/acme/table.h": 'static const struct of_device_id more[] = { { .compatible = "acme,pump-v3" }, { } };\n',
    "drivers/acme/fast.c": 'if (of_device_is_compatible(node, "acme,quick"))\n\treturn; /* .compatible */\n',
    "drivers/always/Makefile": "obj-y += timer.o\n",
    "drivers/always/timer.c": 'TIMER_OF_DECLARE(acme, "acme,timer", acme_init);\n',
    "Documentation/devicetree/bindings/acme.yaml": "properties:\n  compatible:\n    enum:\n      - acme,pump\n      - acme,paper-only\n",
    "arch/arm64/boot/dts/acme/argon.dts": '/ { model = "Acme Argon"; compatible = "acme,argon", "acme,soc"; chassis-type = "handset"; };\n',
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in TREE.items():
        path = tmp_path / "linux" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "linux"


@pytest.fixture
def index(tree: Path) -> MainlineIndex:
    return MainlineIndex(build_index(tree, "a test", workers=1))


def test_drivers_are_found_with_the_symbols_of_directory_object_and_part(index: MainlineIndex) -> None:
    (driver,) = index.drivers("acme,pump")
    assert (driver.path, driver.alternatives, driver.modules) == (
        "drivers/acme/core.c", (("ACME", "ACME_PUMP"),), ("acme_pump",),
    )  # fmt: skip
    assert (driver.reach, driver.buses) == (Reach.DRIVER, ("i2c",))
    assert index.drivers("acme,pump-v2") == index.drivers("pump", "i2c") == (driver,)
    assert [found.buses for found in index.drivers("acme,pump-v3")] == [("platform",)]
    (asked,) = index.drivers("acme,quick", "ref")
    assert asked.symbols == ("ACME", "ACME_FAST", "ACME_PUMP")
    assert index.drivers("acme,timer")[0].alternatives == (("ACME",),)
    assert index.drivers("no,string") == ()


def test_symbols_bindings_and_boards_are_in_it(index: MainlineIndex) -> None:
    assert (index.kernel, index.series, index.origin) == ("6.99.3-rc1", "6.99", "a test")
    pump = index.symbol("ACME_PUMP")
    assert pump is not None
    assert (pump.type, pump.prompt, pump.depends) == ("t", True, "ACME && (I2C || SPI)")
    core = index.symbol("ACME_CORE")
    assert core is not None
    assert (core.prompt, core.selected_by, dict(core.select_if)) == (False, ("ACME_PUMP",), {"ACME_PUMP": "OF"})
    fast = index.symbol("ACME_FAST")
    assert fast is not None
    assert (fast.prompt, fast.prompt_if) == (True, "(EXPERT)")
    assert index.boards_of("acme,argon") == ("arch/arm64/boot/dts/acme/argon.dts",)
    assert index.symbol("HIDDEN") is None
    assert index.is_documented("acme,paper-only")
    assert list(index.boards()) == [
        ("arch/arm64/boot/dts/acme/argon.dts", "Acme Argon", ("acme,argon", "acme,soc"), "handset")
    ]


def test_the_same_tree_gives_the_same_bytes(tree: Path) -> None:
    assert build_index(tree, "x", workers=1) == build_index(tree, "x", workers=2)


def test_what_is_no_kernel_and_what_is_no_index_is_refused(tmp_path: Path, tree: Path) -> None:
    with pytest.raises(RecordError, match="no kernel source tree"):
        build_index(tmp_path, "x")
    data = build_index(tree, "x", workers=1)
    with pytest.raises(FormatError, match="no index"):
        MainlineIndex(b"\x7fELF" + data)
    broken = MainlineIndex(data[:-40] + bytes(40))
    with pytest.raises(FormatError, match="damaged"):
        list(broken.boards())
    for parts in (b"{}", b'{"kconfig": 7}', b"[]"):
        headless = MainlineIndex(b'{"format": "pmport kernel index 2", "parts": ' + parts + b"}\n")
        with pytest.raises(FormatError, match="damaged"):
            headless.symbol("ACME")
    with pytest.raises(RecordError, match="neither a file nor a series"):
        load_index("nonsense")


def test_the_nearest_series_is_taken_and_each_index_states_its_origin() -> None:
    assert shipped_series() == ("6.1", "6.12", "7.2")
    assert [load_index(wanted).series for wanted in ("6.1", "6.6.3", "6.12", "7.1-rc2", "9.0", "5.10", "")] == [
        "6.1", "6.1", "6.12", "7.2", "7.2", "6.1", "7.2",
    ]  # fmt: skip
    for series in shipped_series():
        assert load_index(series).origin.startswith(f"Debian linux-source-{series} {series}.")


@pytest.mark.parametrize("series", ["6.1", "6.12", "7.2"])
def test_nearly_every_compatible_string_reaches_a_symbol(series: str) -> None:
    index = load_index(series)
    reached = [text for text in index.compatibles if any(driver.symbols for driver in index.drivers(text))]
    assert len(reached) / len(index.compatibles) >= 0.995


@pytest.mark.online
@pytest.mark.slow
def test_every_alias_of_debians_modules_is_in_the_index_and_agrees_with_its_configuration() -> None:
    """The ground truth: what a compiler put into the modules of the very kernel series."""
    kernel = unpacked("linux-image-arm64", "arm64")
    config = KernelConfig.parse(next(kernel.glob("boot/config-*")).read_bytes())
    index = load_index(config.version)
    aliases = {
        match.decode()
        for path in kernel.rglob("*.ko")
        for match in re.findall(rb"alias=of:N\*T\*C([^\0]+?)(?:C\*)?\0", path.read_bytes())
    }
    assert len(aliases) > 2_500
    for alias in aliases:
        drivers = index.drivers(alias)
        assert drivers, alias
        assert any(
            all(config.is_on(name) for name in symbols)
            for driver in drivers
            for symbols in driver.alternatives or ((),)
        ), alias


def test_renames_are_made_from_the_indexes_and_known_both_ways() -> None:
    shipped = Path(__file__).resolve().parents[2] / "kernels" / FILE
    assert shipped.read_text(encoding="utf-8") == renames_text(tuple(load_index(series) for series in shipped_series()))
    assert other_names("MFD_RK808") == {"MFD_RK8XX_I2C"}
    assert other_names("MFD_RK8XX_I2C") == {"MFD_RK808"}


VALUES = {"A": "y", "B": "m", "C": "n", "TEXT": '"x"', "N": "5"}
EXPRESSIONS = [
    ("A && B", 1, ()), ("A || C", 2, ()), ("!A", 0, ("!A",)), ("A && C", 0, ("C",)), ("C || !B", 1, ()),
    ("C || D", 0, ("C or D",)), ("(A || C) && (C && D)", 0, ("C", "D")), ("N > 3", 2, ()), ("N = 4", 0, ("N=4",)),
    ("B = y", 0, ("B=y",)), ("B != n", 2, ()), ("$(cc-option,-mx) && A", 2, ()), ("", 2, ()), ("((A))", 2, ()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value", "blocked"), EXPRESSIONS)
def test_kconfigs_logic(text: str, value: int, blocked: tuple[str, ...]) -> None:
    assert evaluate(text, lambda name: VALUES.get(name, "n")) == value
    assert blockers(text, lambda name: VALUES.get(name, "n")) == blocked


def test_symbols_of_an_expression() -> None:
    assert symbols_of('A && (B || !C) && D = "x"') == ("A", "B", "C", "D")


def test_the_command_makes_an_index(tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "acme.kernel-index"
    run = CliRunner().invoke(command, ["kernel", "index", str(tree), "-o", str(out), "-j", "1"])
    assert run.exit_code == 0, run.output
    assert load_index(out).drivers("acme,pump")
