"""All checks, in the order in which :program:`dtc` makes them, and which of them are on.

The names, the order, what each needs and what is on from the beginning are dtc's (its ``-W`` and ``-E``; 1.7.2, and the
newer one in Linux 7.2, which has ``node_name_not_empty`` and no ``graph_child_address`` any more), so that
reports can be compared; a check stands behind those that it needs. ``value_truncated`` is a warning that dtc gives
without a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from pmport.devicetree.checks import addresses, buses, graph, interrupts, providers, structure, values
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.devicetree.checks.context import Rule

__all__ = ["CHECKS", "KERNEL", "Check", "Levels"]


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Args:
        name: dtc's name of it.
        rule: What it looks at, node by node; None: it is made while a source is read.
        level: ``error``, ``warning`` or ``off``, from the beginning.
        needs: Checks that must have passed.
    """

    name: str
    rule: Rule | None
    level: str = "warning"
    needs: tuple[str, ...] = ()


def _provider_checks() -> Iterator[Check]:
    for name, counted_by in providers.PROVIDERS.items():
        stem = name.replace("-", "_")
        yield Check(f"{stem}_is_cell", values.is_cell(counted_by))
        yield Check(f"{stem}_property", providers.provider_cells(name), needs=(f"{stem}_is_cell", "phandle_references"))


def _error(name: str, rule: Rule | None, *needs: str) -> Check:
    return Check(name, rule, "error", needs)


def _off(name: str, rule: Rule | None, *needs: str) -> Check:
    return Check(name, rule, "off", needs)


def _on(name: str, rule: Rule | None, *needs: str) -> Check:
    return Check(name, rule, "warning", needs)


_CELLS = "addr_size_cells"
_REFERENCES = ("duplicate_node_names", "explicit_phandles")
_TABLE = (
    _error("duplicate_node_names", None),
    _error("duplicate_property_names", None),
    _error("node_name_chars", structure.name_chars(strict=False)),
    _error("node_name_format", structure.name_format, "node_name_chars"),
    _error("node_name_not_empty", structure.name_not_empty, "node_name_chars"),
    _error("property_name_chars", structure.property_chars),
    _error("name_is_string", structure.name_is_string),
    _error("name_properties", structure.name_properties, "name_is_string"),
    _on("node_name_vs_property_name", structure.node_and_property, "node_name_chars"),
    _error("duplicate_label", structure.duplicate_label),
    _error("explicit_phandles", structure.explicit_phandles),
    _error("phandle_references", None, *_REFERENCES),
    _error("path_references", None, "duplicate_node_names"),
    _error("omit_unused_nodes", structure.silent, "phandle_references", "path_references"),
    _on("value_truncated", None),
    _on("address_cells_is_cell", values.is_cell("#address-cells")),
    _on("size_cells_is_cell", values.is_cell("#size-cells")),
    _on("addr_size_cells", structure.silent, "address_cells_is_cell", "size_cells_is_cell"),
    _on("device_type_is_string", values.is_string("device_type")),
    _on("model_is_string", values.is_string("model")),
    _on("status_is_string", values.is_string("status")),
    _on("label_is_string", values.is_string("label")),
    _on("compatible_is_string_list", values.is_string_list("compatible")),
    _on("names_is_string_list", values.names_are_string_lists),
    _off("property_name_chars_strict", structure.property_chars_strict),
    _off("node_name_chars_strict", structure.name_chars(strict=True)),
    _on("reg_format", addresses.reg_format, _CELLS),
    _on("ranges_format", addresses.ranges_format("ranges"), _CELLS),
    _on("dma_ranges_format", addresses.ranges_format("dma-ranges"), _CELLS),
    _on("unit_address_vs_reg", addresses.unit_address_and_reg),
    _on("pci_bridge", buses.pci_bridge, "device_type_is_string", _CELLS),
    _on("simple_bus_bridge", buses.simple_bus_bridge, _CELLS, "compatible_is_string_list"),
    _on("unit_address_format", addresses.unit_address_format, "node_name_format", "pci_bridge", "simple_bus_bridge"),
    _on("pci_device_reg", buses.pci_device_reg, "reg_format", "pci_bridge"),
    _on("pci_device_bus_num", buses.pci_device_bus_num, "reg_format", "pci_bridge"),
    _on("simple_bus_reg", buses.simple_bus_reg, "reg_format", "simple_bus_bridge"),
    _on("i2c_bus_bridge", buses.i2c_bus_bridge, _CELLS),
    _on("i2c_bus_reg", buses.i2c_bus_reg, "reg_format", "i2c_bus_bridge"),
    _on("spi_bus_bridge", buses.spi_bus_bridge, _CELLS),
    _on("spi_bus_reg", buses.spi_bus_reg, "reg_format", "spi_bus_bridge"),
    _on("avoid_default_addr_size", addresses.avoid_default_cells, _CELLS),
    _on("avoid_unnecessary_addr_size", addresses.avoid_unnecessary_cells, "avoid_default_addr_size"),
    _on("unique_unit_address", addresses.unique_unit_address(enabled=False), "avoid_default_addr_size"),
    _off("unique_unit_address_if_enabled", addresses.unique_unit_address(enabled=True), "avoid_default_addr_size"),
    _on("obsolete_chosen_interrupt_controller", values.chosen_interrupt_controller),
    _on("chosen_node_is_root", values.chosen_is_root),
    _on("chosen_node_bootargs", values.chosen_bootargs),
    _on("chosen_node_stdout_path", values.chosen_stdout_path),
    *_provider_checks(),
    _off("deprecated_gpio_property", values.deprecated_gpio),
    _on("gpios_property", providers.gpios, "phandle_references"),
    _on("interrupts_property", interrupts.interrupts),
    _on("interrupt_provider", interrupts.interrupt_provider, "interrupts_extended_is_cell"),
    _on("interrupt_map", interrupts.interrupt_map, "phandle_references", _CELLS, "interrupt_provider"),
    _on("alias_paths", values.alias_paths),
    _on("graph_nodes", graph.graph_nodes),
    _on("graph_port", graph.graph_port, "graph_nodes"),
    _on("graph_endpoint", graph.graph_endpoint, "graph_nodes"),
    _on("graph_child_address", graph.graph_child_address, "graph_nodes", "graph_port", "graph_endpoint"),
    _off("always_fail", structure.always_fail),
)
CHECKS: Mapping[str, Check] = MappingProxyType({check.name: check for check in _TABLE})
"""Name → check, in their order."""

_QUIET = ("unit_address_vs_reg", "avoid_unnecessary_addr_size", "alias_paths", "interrupt_map", "simple_bus_reg")
_ALWAYS = ("no-unique_unit_address", "no-graph_child_address")
KERNEL: Mapping[int, tuple[str, ...]] = MappingProxyType(
    {
        0: (*_ALWAYS, *(f"no-{name}" for name in _QUIET)),
        1: (*_ALWAYS, "unique_unit_address_if_enabled"),
        2: (
            *_ALWAYS, "unique_unit_address_if_enabled", "node_name_chars_strict", "property_name_chars_strict",
            "unique_unit_address",
        ),
    }
)  # fmt: skip
"""What ``make dtbs W=N`` of the kernel sets: ``scripts/Makefile.dtbs`` of Linux 7.2, whose dtc has no ``graph_child_address``."""


class Levels:
    """Which checks are on, and which are errors.

    Args:
        warnings: Names to turn on as warnings, or off with ``no-`` or ``no_`` before them, in their order: ``dtc -W``.
        errors: The same for errors: ``dtc -E``.

    Raises:
        FormatError: If a name is no check's.

    Example:
        >>> Levels(["no-size_cells_is_cell"]).of("reg_format")
        'off'
    """

    def __init__(self, warnings: Iterable[str] = (), errors: Iterable[str] = ()) -> None:
        self._on = {level: {check.name for check in _TABLE if check.level == level} for level in ("warning", "error")}
        for level, names in (("warning", warnings), ("error", errors)):
            for text in names:
                off = text.startswith(("no-", "no_"))
                name = text[3:] if off else text
                if name not in CHECKS:
                    raise FormatError(
                        f"{name!r} is no check", format="device tree check", remedy="pmport dt check --list names them"
                    )
                (self._lower if off else self._raise)(name, self._on[level])

    @classmethod
    def errors(cls) -> Self:
        """Errors only: what keeps a source from being compiled.

        Returns:
            The levels.
        """
        levels = cls()
        levels._on["warning"] = set()
        return levels

    def of(self, name: str) -> str:
        """The level of a check.

        Args:
            name: Its name.

        Returns:
            ``error``, ``warning`` or ``off``.
        """
        return next((level for level in ("error", "warning") if name in self._on[level]), "off")

    def _raise(self, name: str, on: set[str]) -> None:
        """Turn it on, with all that it needs."""
        if name not in on:
            on.add(name)
            for needed in CHECKS[name].needs:
                self._raise(needed, on)

    def _lower(self, name: str, on: set[str]) -> None:
        """Turn it off, with all that needs it."""
        if name in on:
            on.discard(name)
            for check in _TABLE:
                if name in check.needs:
                    self._lower(check.name, on)
