"""What the tree, the configuration and the kernel's index say of a device that a log names."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pmport.bootlog.tree_places import TreePlaces, device_of_path
from pmport.kernels.binding import candidates
from pmport.kernels.mainline_index import load_index
from pmport.kernels.node_needs import judged

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pmport.devicetree import DeviceTree, TreeNode
    from pmport.formats.kernel.config import KernelConfig
    from pmport.kernels.mainline_index import MainlineIndex

__all__ = ["Evidence", "Known"]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a device.

    Args:
        node: The path of its node; "" where there is none.
        driver: The source file of the driver that serves it; "" where none is known.
        lacking: Symbols of that driver that are not on, with the reason.
        disabled: Whether its node, or one above it, is disabled.
    """

    node: str = ""
    driver: str = ""
    lacking: tuple[str, ...] = ()
    disabled: bool = False

    @property
    def remark(self) -> str:
        """In some words; "" where nothing is known."""
        if self.disabled:
            return "its node is disabled"
        if self.lacking:
            return f"CONFIG_{self.lacking[0]}"
        return f"driver {self.driver}" if self.driver else ""


class Evidence:
    """Looks devices and symbols up.

    Args:
        tree: The tree that the kernel booted with, if it is there.
        config: The kernel's configuration, if it is there.
        kernel: The kernel's version, for the index.
    """

    def __init__(self, tree: DeviceTree | None, config: KernelConfig | None, kernel: str = "") -> None:
        self._config = config
        self._kernel = kernel
        self._places = TreePlaces(tree) if tree is not None else None
        self._found: dict[str, Known] = {}

    def device(self, name: str) -> Known:
        """What is known of a device.

        Args:
            name: Its name in the log, or the path of its node.

        Returns:
            What is known; nothing, without a tree.
        """
        if not name or self._places is None:
            return Known()
        if name not in self._found:
            node = self._places.node(name)
            self._found[name] = Known() if node is None else self._of_node(node)
        return self._found[name]

    def identity(self, text: str) -> str:
        """One name for a device, whether the log names it or its node.

        Args:
            text: A device's name, or the path of a node.

        Returns:
            The path of its node; of a node below a device (a pin group, a cell of an EEPROM), that of the device. Without a
            tree, its name.
        """
        node = self._places.node(text) if self._places else None
        if node is None:
            return device_of_path(text) if text.startswith("/") else text
        while "compatible" not in node.raw and node.parent is not None and node.parent.parent is not None:
            node = node.parent
        return node.path

    def off(self, symbols: Iterable[str]) -> tuple[str, ...]:
        """Which symbols are not on.

        Args:
            symbols: Without ``CONFIG_``.

        Returns:
            Those that are off; none, without a configuration.
        """
        if self._config is None:
            return ()
        config = self._config
        return tuple(f"{name} (not set)" for name in symbols if not config.is_on(name))

    @cached_property
    def _index(self) -> MainlineIndex:
        series = ".".join(self._kernel.split(".")[:2]) if self._kernel[:1].isdigit() else ""
        return load_index(series or (self._config.version if self._config else ""))

    def _of_node(self, node: TreeNode) -> Known:
        disabled = any(
            above.raw.get("status", b"okay\0") not in {b"okay\0", b"ok\0"} for above in (node, *node.ancestors)
        )
        if not node.compatible:
            return Known(node.path, disabled=disabled)
        if self._config is not None:
            need = judged(node, self._config, self._index)
            return Known(node.path, need.driver, tuple(map(str, need.lacking)), disabled)
        groups = candidates(node, self._index)
        driver = groups[0][0].driver.path if groups and groups[0] else ""
        return Known(node.path, driver, (), disabled)
