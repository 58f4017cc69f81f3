"""Names that mainline's files need: the maker of a panel, its compatible string, identifiers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmport.panel.panel_value import Panel

__all__ = ["Names", "names_of", "supply_names"]

MAKERS = frozenset(
    {
        "asus",
        "auo",
        "boe",
        "csot",
        "ebbg",
        "elida",
        "hannstar",
        "himax",
        "hydis",
        "ilitek",
        "innolux",
        "jadard",
        "jdi",
        "lenovo",
        "lg",
        "novatek",
        "orisetech",
        "panasonic",
    }
)
"""Words of panels' names that are prefixes of mainline's ``vendor-prefixes.yaml``."""
SPELLINGS = {
    "orise": "orisetech",
    "synaptics": "syna",
    "huaxing": "csot",
    "lgd": "lg",
    "ss": "samsung",
    "sofef": "samsung",
}
CONTROLLERS: tuple[tuple[str, str], ...] = (
    (r"nt\d{5}", "novatek"),
    (r"hx\d{4}", "himax"),
    (r"ili\d{4}|ili\d{3}", "ilitek"),
    (r"s6[de]\w+|ams\d\w+|amb\d\w+|sofe\w+|ea\d\w+", "samsung"),
    (r"rm\d{5}", "raydium"),
    (r"otm\d+", "orisetech"),
    (r"ft8\d{3}", "focaltech"),
    (r"st7\d{3}", "sitronix"),
    (r"jd9\d+", "jadard"),
    (r"td4\d{3}", "syna"),
    (r"r6\d{4}", "renesas"),
    (r"sw4\d{4}", "lg"),
    (r"vtdr\d+", "visionox"),
    (r"icn\d+|icnl\d+", "chipone"),
)
"""Controllers whose names tell their makers."""
TREES = {"qualcomm": "qcom", "unisoc": "sprd", "rockchip": "rockchip", "amlogic": "amlogic", "samsung": "samsung"}


@dataclass(frozen=True, slots=True)
class Names:
    """How a panel is called in mainline's files.

    Args:
        vendor: The prefix of its compatible string.
        part: What follows the comma.
        certain: Whether the name itself tells the maker.
    """

    vendor: str
    part: str
    certain: bool

    @property
    def compatible(self) -> str:
        """The compatible string."""
        return f"{self.vendor},{self.part}"

    @property
    def file(self) -> str:
        """The driver's name, without suffix."""
        return f"panel-{self.vendor}-{self.part}"

    @property
    def symbol(self) -> str:
        """The name of the option in Kconfig, without ``CONFIG_``."""
        return re.sub(r"[^A-Z0-9]", "_", f"DRM_PANEL_{self.vendor}_{self.part}".upper())

    @property
    def identifier(self) -> str:
        """What the driver's functions begin with; short, so that their lines are."""
        text = re.sub(r"[^a-z0-9]", "_", self.part)
        short = text if len(text) <= 20 else text[:20].rpartition("_")[0] or text[:20]
        return short if short[0].isalpha() else f"{self.vendor}_{short}"


def names_of(panel: Panel, compatible: str = "") -> Names:
    """The names of a panel.

    Args:
        panel: The panel.
        compatible: Its compatible string, where somebody knows better.

    Returns:
        The names. Where nothing tells the maker the prefix is that of the tree's own vendor, and ``certain`` is false.
    """
    vendor, _, part = compatible.partition(",")
    if vendor and part:
        return Names(vendor, part, certain=True)
    words = panel.slug.split("-")
    spoken = re.split(r"[^a-z0-9]+", panel.name.lower())
    found = next((SPELLINGS.get(word, word) for word in words + spoken if word in MAKERS or word in SPELLINGS), "")
    if not found:
        found = next(
            (maker for word in words + spoken for pattern, maker in CONTROLLERS if re.fullmatch(pattern, word)), ""
        )
    vendor = found or TREES.get(panel.reader, panel.reader)
    part = "-".join(word for word in words if word not in {vendor, *(k for k, v in SPELLINGS.items() if v == vendor)})
    return Names(vendor, part or panel.slug, certain=bool(found))


SUPPLIES = {"lab": "vddpos", "ibb": "vddneg"}
"""Outputs of Qualcomm's panel regulators → what mainline's bindings call the panel's inputs."""


def supply_names(panel: Panel) -> tuple[str, ...]:
    """The panel's supplies as mainline's properties name them, without ``-supply``.

    Args:
        panel: The panel.

    Returns:
        Names, each once.
    """
    plain = (re.sub(r"[^a-z0-9-]", "-", supply.name.lower()).strip("-") for supply in panel.supplies)
    return tuple(dict.fromkeys(SUPPLIES.get(name, name) for name in plain if name))
