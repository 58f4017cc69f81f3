"""eMMC, SD cards, UFS and USB, with their supplies, card detect and roles."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pmport.board.drafting import LIKELY, Drafting
from pmport.board.places import one

if TYPE_CHECKING:
    from pmport.board.board_file import Part
    from pmport.devicetree import TreeNode

__all__ = ["draft_storage", "draft_usb"]

SDHCI = re.compile(r"sdhci|sdhc|dw[-_]?mshc|\bmmc@|dwmmc|-sdmmc|-mmc\b")
SHARE = 0.5
UFS_HOST = re.compile(r"ufshc|,ufs\b|ufshci")
UFS_PHY = re.compile(r"ufs.*phy")


def draft_storage(draft: Drafting) -> None:
    """Storage.

    Args:
        draft: The draft.
    """
    for node in draft.vendor.active:
        text = f"{node.name} {' '.join(node.compatible)}"
        label = draft.vendor.label(node)
        if not label:
            continue
        if UFS_PHY.search(text):
            _supplied(
                draft,
                _on(draft, label, node),
                node,
                {"vdda-phy-supply": "vdda-phy-supply", "vdda-pll-supply": "vdda-pll-supply"},
            )
        elif UFS_HOST.search(text):
            _ufs(draft, label, node)
        elif SDHCI.search(text) and "reg" in node.raw:
            _card(draft, label, node)


def _on(draft: Drafting, label: str, node: TreeNode) -> Part:
    part = draft.board.extend(label)
    if draft.chip.labels[label].status == "disabled":
        part.say("status", '"okay"', draft.evidence(node), subject="storage")
    return part


def _supplied(draft: Drafting, part: Part, node: TreeNode, names: dict[str, str]) -> None:
    """Supplies that mainline has under another name. What the chip's files say already is not said again."""
    said = draft.chip.labels[part.name].raw if part.name in draft.chip.labels else {}
    for source, name in names.items():
        if source in node.raw and (name not in said or name in draft.said_by_boards(part.name)):
            draft.supply(part, name, node, source, subject="storage")


def _ufs(draft: Drafting, label: str, node: TreeNode) -> None:
    part = _on(draft, label, node)
    _supplied(draft, part, node, {name: name for name in ("vcc-supply", "vccq-supply", "vccq2-supply")})
    for name in ("vcc", "vccq", "vccq2"):
        most = one(node, f"{name}-max-microamp", 0)
        if most and f"{name}-supply" in part.statements:
            part.say(
                f"{name}-max-microamp", f"<{most}>", draft.evidence(node, f"{name}-max-microamp"), subject="storage"
            )


def _card(draft: Drafting, label: str, node: TreeNode) -> None:
    """A controller of cards: eMMC where the vendor says that it cannot be taken out."""
    if re.search(r"wlan|wifi|sdio", " ".join(node.raw)) and not re.search(r"sdhc_?[12]$", label):
        return
    part = _on(draft, label, node)
    _supplied(
        draft,
        part,
        node,
        {
            "vdd-supply": "vmmc-supply",
            "vdd-io-supply": "vqmmc-supply",
            "vmmc-supply": "vmmc-supply",
            "vqmmc-supply": "vqmmc-supply",
        },
    )
    said = draft.chip.labels[label].raw
    fixed = any(name in node.raw for name in ("qcom,nonremovable", "non-removable"))
    width = (
        one(node, "qcom,bus-width", 0) or one(node, "bus-width", 0) or (one(node, "num-slots", 0) and 8 if fixed else 0)
    )
    if width and "bus-width" not in said and draft.boards_say(label, "bus-width"):
        part.say("bus-width", f"<{width}>", draft.evidence(node), subject="storage")
    if fixed and "non-removable" not in said and (draft.boards_say(label, "non-removable")):
        part.say("non-removable", "", draft.evidence(node), subject="storage")
    for name in ("cd-gpios", "cd-gpio", "samsung,cd-gpio"):
        pins = draft.vendor.pins(node, name) if name in node.raw else []
        if pins and not fixed:
            low = bool(pins[0].flags & 1)
            part.say("cd-gpios", draft.gpio(pins[0], low=low), draft.evidence(node, name), subject="storage")
            break
    habit = draft.chip.habits.nodes.get(label)
    if habit is not None and fixed:  # a card's detection is no matter of an eMMC
        part.statements.pop("cd-gpios", None)


USB = re.compile(r"dwc3|hsusb|usb.*otg|dwc-usb|ci-hdrc|usbdrd|exynos.*usb")


def draft_usb(draft: Drafting) -> None:
    """USB's role, and who tells it.

    Args:
        draft: The draft.
    """
    for node in draft.vendor.active:
        text = f"{node.name} {' '.join(node.compatible)}"
        if not USB.search(text):
            continue
        label = draft.vendor.label(node)
        speed = next(iter(node.strings("maximum-speed")), "")
        if label and speed in {"high-speed", "full-speed"} and "snps,dwc3" in draft.chip.labels[label].compatible:
            draft.board.extend(label).say(
                "maximum-speed", f'"{speed}"', draft.evidence(node, "maximum-speed"), subject="usb"
            )
        pins = [
            pin
            for name in ("qcom,usbid-gpio", "qcom,id-gpio", "id-gpio", "id-gpios")
            for pin in draft.vendor.pins(node, name)
        ]
        if pins:
            _id_pin(draft, node, pins[0].text(low=False))
    _who_tells(draft)


def _id_pin(draft: Drafting, node: TreeNode, pin: str) -> None:
    part = draft.board.root.child("usb-id", key="usb-id", wanted="usb_id")
    part.say("compatible", '"linux,extcon-usb-gpio"', draft.evidence(node), subject="usb")
    part.say("id-gpios", f"<{pin}>", draft.evidence(node), subject="usb")


MUIC = re.compile(r"-muic|sm550\d|max77\d+-muic|extcon")


def _who_tells(draft: Drafting) -> None:
    """The part that knows whether a cable is there: the board's own, where it has one."""
    telling = next(
        (
            part
            for part in draft.board.parts
            if part.key.startswith("client:")
            and "compatible" in part.statements
            and MUIC.search(part.statements["compatible"].value)
        ),
        None,
    )
    key = telling.key if telling is not None else "usb-id" if "usb-id" in draft.board.root.children else ""
    if not key:
        return
    for label in draft.chip.labels:
        said = draft.said_by_boards(label)
        if "extcon" in said and re.match(r"usb|otg|hsusb", label):
            single = all("," not in value for value in draft.chip.habits.nodes[label].props["extcon"])
            value = f"<&{{{key}}}>" if single else f"<&{{{key}}}>, <&{{{key}}}>"
            part = draft.board.extend(label)
            if (
                draft.chip.habits.used(label) >= SHARE
                or draft.chip.labels[label].status != "disabled"
                or "phy" in label
            ):
                part.say("extcon", value, "the part that sees the cable", certainty=LIKELY, subject="usb")
