"""A table counts by who reaches it: a driver's structure, a declaration, a module's table alone, or code that looks up."""

from __future__ import annotations

import pytest

from pmport.kernels.reach import Reach
from pmport.kernels.source_macros import Macros, guarded
from pmport.kernels.source_tables import Source, scan

IDS = 'static const struct of_device_id ids[] = { { .compatible = "acme,pump" }, { } };\n'


def found(text: str) -> dict[str, tuple[Reach, tuple[str, ...], tuple[str, ...]]]:
    return {
        entry.text: (entry.reach, entry.buses, entry.guard) for entry in scan("drivers/acme/a.c", text.encode()).matches
    }


@pytest.mark.parametrize(
    ("code", "reach", "buses"),
    [
        ("static struct i2c_driver d = { .driver = { .of_match_table = ids } };", Reach.DRIVER, ("i2c",)),
        (
            "static struct spi_driver d = { .driver = { .of_match_table = of_match_ptr(ids), }, };",
            Reach.DRIVER,
            ("spi",),
        ),
        ("DEFINE_ACME_DRIVER(acme, ids, probe);", Reach.DRIVER, ()),
        ("MODULE_DEVICE_TABLE(of, ids);\nstatic struct platform_driver d = { };", Reach.LOADED, ()),
        ("MODULE_DEVICE_TABLE(of, ids);\nstatic struct pci_driver d = { };", Reach.CHILD, ()),
        ("x = of_match_node(ids, node);", Reach.LOOKED_UP, ()),
        ("static struct sdio_driver d = { };\nx = of_match_node(ids, node);", Reach.DRIVER, ("sdio",)),
    ],
)
def test_who_reaches_a_table_decides(code: str, reach: Reach, buses: tuple[str, ...]) -> None:
    assert found(IDS + code) == {"acme,pump": (reach, buses, ())}


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ('CLK_OF_DECLARE(acme, "acme,clock", init);', {"acme,clock"}),
        ('OF_EARLYCON_DECLARE(acme, "acme,uart", setup);', set()),
        ('CPU_METHOD_OF_DECLARE(acme, "acme,smp", &ops);', set()),
        ('MODULE_ALIAS("of:N*T*Cacme,spareC*");', {"acme,spare"}),
        ('MODULE_ALIAS("spi:pump");', {"pump"}),
    ],
)
def test_declarations_and_aliases(code: str, texts: set[str]) -> None:
    assert set(found(code)) == texts


def test_rows_in_ifdef_need_its_symbol() -> None:
    text = (
        'static const struct of_device_id ids[] = {\n#ifdef CONFIG_OF\n{ .compatible = "a,one" },\n#endif\n'
        '#if IS_ENABLED(CONFIG_FAST)\n{ .compatible = "a,fast" },\n#else\n{ .compatible = "a,slow" },\n#endif\n'
        '#if 0\n{ .compatible = "a,never" },\n#endif\n};\nstatic struct platform_driver d = { .driver = { .of_match_table = ids } };\n'
    )
    assert {name: guard for name, (_, _, guard) in found(text).items()} == {
        "a,one": (),
        "a,fast": ("FAST",),
        "a,slow": (),
    }


def test_tables_made_by_macros_within_macros() -> None:
    text = (
        "#define MATCH(comp, family, label) { .compatible = comp, .data = &family##_##label }\n"
        "#define OLD(comp, label) MATCH(comp, OLD, label)\n"
        '#define VENDOR "acme"\n#define NAMED(x) { .compatible = VENDOR "," #x }\n'
        'static const struct of_device_id ids[] = { OLD("acme,ldo", LDO), NAMED(pump), { } };\n'
        "static struct platform_driver d = { .driver = { .of_match_table = ids } };\n"
    )
    assert set(found(text)) == {"acme,ldo", "acme,pump"}


def test_names_of_ids_may_come_from_a_header() -> None:
    text = b"static const struct spi_device_id ids[] = { { PUMP_NAME }, { } };\nMODULE_DEVICE_TABLE(spi, ids);\n"
    source = scan("a.c", text, [Macros.of('#define PUMP_NAME "pump"\n')])
    assert [(entry.kind, entry.text) for entry in source.matches] == [("spi", "pump")]


def test_cells_and_names_of_platform_devices() -> None:
    text = (
        'static const struct mfd_cell pump_cells[] = { { .name = "pump-motor" }, MFD_CELL_NAME("pump-led"), };\n'
        'static struct platform_driver d = { .driver = { .name = "pump-motor", }, };\n'
    )
    source: Source = scan("drivers/mfd/a.c", text.encode())
    assert (source.cells, source.names) == ({"pump_cells": ("pump-motor", "pump-led")}, ("pump-motor",))


def test_guards_nest() -> None:
    text = "#ifdef CONFIG_A\n#if defined(CONFIG_B) && defined(CONFIG_C)\nx\n#endif\n#endif\n#if defined(CONFIG_A) || defined(CONFIG_B)\ny\n#endif\n"
    place = text.index("x")
    symbols = [piece.symbols for piece in guarded(text) if piece.start <= place < piece.end]
    assert frozenset().union(*symbols) == {"A", "B", "C"}
    assert not [piece for piece in guarded(text) if piece.start <= text.index("y") < piece.end]
