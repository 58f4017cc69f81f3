"""A first command line: with what a phone shows, and keeps on, while most of its drivers are still missing.

Each word has its reason, out of the device tree: the serial port that the tree names, the framebuffer that the bootloader
left on, the memory that survives a restart. Names of early consoles are those that the kernel's serial drivers declare
(``OF_EARLYCON_DECLARE``), names of terminals those of their ``uart_driver.dev_name``.

Example:
    >>> from pmport.devicetree import parse_source
    >>> tree = parse_source('/ { chosen { stdout-path = "serial0:115200n8"; }; aliases { serial0 = "/uart@78b0000"; }; '
    ...     'uart@78b0000 { compatible = "qcom,msm-uartdm-v1.4", "qcom,msm-uartdm"; reg = <0x78b0000 0x200>; }; };')
    >>> [row.word for row in propose(tree)][:2]
    ['earlycon', 'console=ttyMSM0,115200n8']
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from pmport.devicetree import cpu_ranges
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree, TreeNode

__all__ = ["UARTS", "BootWord", "propose"]


class BootWord(NamedTuple):
    """One word of the command line.

    Args:
        word: The word.
        why: Its reason.
        node: The node that it comes from; "" where it holds for every first boot.
    """

    word: str
    why: str
    node: str = ""


UARTS: dict[str, tuple[str, str]] = {
    "qcom,msm-uartdm": ("msm_serial_dm", "ttyMSM"),
    "qcom,msm-lsuart-v14": ("msm_serial_dm", "ttyMSM"),
    "qcom,msm-uart": ("msm_serial", "ttyMSM"),
    "qcom,geni-debug-uart": ("qcom_geni", "ttyMSM"),
    "qcom,msm-geni-console": ("qcom_geni", "ttyMSM"),
    "samsung,exynos4210-uart": ("exynos4210", "ttySAC"),
    "samsung,s5pv210-uart": ("s5pv210", "ttySAC"),
    "samsung,s3c6400-uart": ("s3c6400", "ttySAC"),
    "google,gs101-uart": ("gs101", "ttySAC"),
    "mediatek,mt6577-uart": ("mtk8250", "ttyS"),
    "amlogic,meson-ao-uart": ("meson", "ttyAML"),
    "sprd,sc9836-uart": ("sprd_serial", "ttyS"),
    "snps,dw-apb-uart": ("uart8250,mmio32", "ttyS"),
    "nvidia,tegra20-uart": ("uart8250,mmio32", "ttyS"),
    "ti,omap3-uart": ("omap8250", "ttyS"),
    "ti,omap4-uart": ("omap8250", "ttyS"),
    "fsl,imx6q-uart": ("ec_imx6q", "ttymxc"),
    "arm,pl011": ("pl011", "ttyAMA"),
}
"""``compatible`` of a serial port → name of its early console, and how its terminals are called."""
ALWAYS = (
    BootWord("ignore_loglevel", "every message goes to the console, whatever its level"),
    BootWord("clk_ignore_unused", "clocks that the bootloader left on stay on: a needed one may have no user yet"),
    BootWord("pd_ignore_unused", "so do power domains"),
    BootWord("regulator_ignore_unused", "so do regulators (Linux 6.8 and later; older kernels pass it on to init)"),
)
STDOUT = re.compile(r"([^:]*)(?::(\S*))?")
RATE = re.compile(r"\d{3,8}([neo][78]?r?)?")


def propose(tree: DeviceTree) -> tuple[BootWord, ...]:
    """Propose a command line for a first boot.

    Args:
        tree: The device tree that the kernel will get; a vendor's tells the same of its serial port.

    Returns:
        Words with their reasons, in the order in which they go on the line; the last console is init's own.
    """
    screen = next((node for node in tree.walk() if "simple-framebuffer" in node.compatible and node.enabled), None)
    words = [*_serial(tree)]
    if screen is not None:
        why = "the framebuffer that the bootloader left on shows the kernel's messages, before any display driver"
        words.insert(
            1 if words and words[0].word.startswith("earlycon") else 0, BootWord("console=tty0", why, screen.path)
        )
        words.append(BootWord("fbcon=font:TER16x32", "letters that can be read on a phone's screen", screen.path))
    words += ALWAYS
    memory = next((node for node in tree.walk() if "ramoops" in node.compatible and node.enabled), None)
    if memory is not None:
        words.append(
            BootWord("panic=10", "a panic restarts the phone, so that its log survives in ramoops", memory.path)
        )
    return tuple(words)


def _serial(tree: DeviceTree) -> Iterator[BootWord]:
    node, options, named = _console(tree)
    if node is None:
        return
    kind = next((UARTS[name] for name in node.compatible if name in UARTS), None)
    if kind is None:
        if named:
            why = "the tree names its serial port in stdout-path, and the kernel knows its driver by that"
            yield BootWord("earlycon", why, node.path)
        return
    early, terminal = kind
    if named:
        yield BootWord("earlycon", "the tree names its serial port in stdout-path", node.path)
    elif (address := _address(node)) is not None:
        yield BootWord(
            f"earlycon={early},{address:#x}", "messages from the first moment on, on the serial port", node.path
        )
    number = next((name[6:] for name, alias in tree.aliases.items() if alias is node and re.fullmatch(r"serial\d+", name)), "0")  # fmt: skip
    rate = options if RATE.fullmatch(options) else "115200n8"
    yield BootWord(f"console={terminal}{number},{rate}", "the serial port once its driver runs; init gets the last console", node.path)  # fmt: skip


def _console(tree: DeviceTree) -> tuple[TreeNode | None, str, bool]:
    """``(the serial port, its options, whether stdout-path names it)``."""
    chosen = tree.chosen
    for name in ("stdout-path", "linux,stdout-path"):
        texts = chosen.strings(name) if chosen is not None and name in chosen else ()
        match = STDOUT.fullmatch(texts[0]) if texts else None
        if match:
            node = tree.aliases.get(match[1]) or tree.get(match[1])
            if node is not None:
                return node, match[2] or "", True
    ports = [node for node in tree.walk() if node.enabled and any(name in UARTS for name in node.compatible)]
    first = next((alias for name, alias in tree.aliases.items() if name == "serial0" and alias in ports), None)
    return first or (ports[0] if len(ports) == 1 else None), "", False


def _address(node: TreeNode) -> int | None:
    try:
        ranges = cpu_ranges(node)
    except FormatError:
        return None
    return ranges[0].address if ranges else None
