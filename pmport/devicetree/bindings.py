"""What property names mean: which hold references, and how many cells follow each.

Sources: the kernel's binding documentation (``Documentation/devicetree/bindings``), the Devicetree Specification 0.4,
and the list of suppliers in ``drivers/of/property.c``. One table, so that printing, resolving, overlays and the graph
agree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["REFERENCES", "REST", "Binding", "binding_of"]

REST = -1
"""As a number of cells: all that are left."""


@dataclass(frozen=True, slots=True)
class Binding:
    """How the references in a property are written.

    Args:
        pattern: Regular expression of the whole property name.
        kind: What is referred to, in one word: ``clock``, ``gpio``, ``regulator`` …
        cells: The provider's property that says how many cells follow the phandle; a number where it is fixed;
            :data:`REST` where all that follows belongs to it.
        default: How many follow where the provider has no such property; None: the reference is wrong then.
        names: The property of the consumer that names the references.
        before: Cells that stand before each phandle, as in ``iommu-map``.
        after: Cells that follow the specifier of each entry, as in ``iommu-map``.
    """

    pattern: str
    kind: str
    cells: str | int = 0
    default: int | None = None
    names: str = ""
    before: int = 0
    after: int = 0


REFERENCES: tuple[Binding, ...] = (
    Binding(r"clocks|assigned-clocks|assigned-clock-parents", "clock", "#clock-cells", names="clock-names"),
    Binding(r"(?!(?:.*,)?nr-gpios).*-gpios?|gpios?", "gpio", "#gpio-cells"),
    Binding(r"gpio-ranges", "pinctrl", 3),
    Binding(r"interrupts-extended", "interrupt", "#interrupt-cells", names="interrupt-names"),
    Binding(r"interrupt-parent|wakeup-parent", "interrupt"),
    Binding(r".*-supply", "regulator"),
    Binding(r"pinctrl-\d+", "pinctrl"),
    Binding(r"resets", "reset", "#reset-cells", names="reset-names"),
    Binding(r"phys", "phy", "#phy-cells", names="phy-names"),
    Binding(r"usb-phy|phy-handle|phy|pcs-handle|mdio-parent-bus|sfp", "phy"),
    Binding(r"power-domains", "power-domain", "#power-domain-cells", names="power-domain-names"),
    Binding(r"iommus", "iommu", "#iommu-cells"),
    Binding(r"iommu-map", "iommu", 1, before=1, after=1),
    Binding(r"msi-parent", "msi", "#msi-cells", default=0),
    Binding(r"msi-map", "msi", 1, before=1, after=1),
    Binding(r"dmas", "dma", "#dma-cells", names="dma-names"),
    Binding(r"mboxes", "mailbox", "#mbox-cells", names="mbox-names"),
    Binding(r"pwms", "pwm", "#pwm-cells", names="pwm-names"),
    Binding(r"io-channels", "adc", "#io-channel-cells", names="io-channel-names"),
    Binding(r"io-backends", "adc", "#io-backend-cells"),
    Binding(r"thermal-sensors", "thermal", "#thermal-sensor-cells"),
    Binding(r"cooling-device", "thermal", "#cooling-cells"),
    Binding(r"trip", "thermal"),
    Binding(r"interconnects", "interconnect", "#interconnect-cells", names="interconnect-names"),
    Binding(r"hwlocks", "hwlock", "#hwlock-cells", names="hwlock-names"),
    Binding(r"nvmem-cells", "nvmem", "#nvmem-cell-cells", default=0, names="nvmem-cell-names"),
    Binding(r"nvmem", "nvmem"),
    Binding(r"sound-dai", "sound", "#sound-dai-cells"),
    Binding(r"mux-controls", "mux", "#mux-control-cells", names="mux-control-names"),
    Binding(r"trigger-sources", "led", "#trigger-source-cells"),
    Binding(r"access-controllers", "access", "#access-controller-cells"),
    Binding(r"qcom,smem-states", "mailbox", "#qcom,smem-state-cells", names="qcom,smem-state-names"),
    Binding(r"memory-region", "memory", names="memory-region-names"),
    Binding(r"sram", "memory"),
    Binding(r"remote-endpoint", "endpoint"),
    Binding(r"backlight", "backlight"),
    Binding(r"leds|flash-leds", "led"),
    Binding(r"panel", "panel"),
    Binding(r"extcon", "extcon"),
    Binding(r"operating-points-v2|required-opps", "opp"),
    Binding(r"cpu|cpus|cpu-idle-states|domain-idle-states|next-level-cache|l2-cache|idle-states", "cpu"),
    Binding(r"affinity|interrupt-affinity", "cpu"),
    Binding(r"arm,psci-suspend-parent|memory-controller|devfreq|devfreq-events", "cpu"),
    Binding(r"monitored-battery|power-supplies|charger", "power-supply"),
    Binding(r"iio-device|ports|dai|audio-codec|i2s-controller|spdif-controller|audio-routing-codec", "sound"),
    Binding(r"i2c-parent|i2c-bus|ddc-i2c-bus|mmc-pwrseq|parent-i2c", "bus"),
    Binding(r"i2c|device-handle|companion|peer-hub|display|fsl,usbphy|nvidia,phy|snps,axi-config", "device"),
    Binding(
        r"snps,mtl-[rt]x-config|fsl,iram|fsl,prg|renesas,fcp|amlogic,canvas|internal-mem|contiguous-area", "device"
    ),
    Binding(r"simple-audio-card,(frame|bitclock)-master|frame-master|bitclock-master", "sound"),
    Binding(r"audio-(cpu|asrc|aux-devs)|dais|slim-ifc-dev|ssi-controller|.*(audio-codec|i2s-controller)", "sound"),
    Binding(r"qcom,(gmu|bcm-voters|mmio|rx-device|tx-device|rproc|saw-reg|dsi-phy)|pm_qos|ti,(timers|rproc)", "device"),
    Binding(r"rockchip,.*(grf|pmu)|.*-syscon|.*-handle|syscon|.*,syscon.*|marvell,system-controller", "device", REST),
)
"""The table; the first row whose pattern fits counts."""


@lru_cache(maxsize=4096)
def binding_of(name: str) -> Binding | None:
    """How the references of a property are written.

    Args:
        name: The property's name.

    Returns:
        Its row of :data:`REFERENCES`; None where it is not known to hold references.

    Example:
        >>> binding_of("reset-gpios").cells, binding_of("vdd-supply").kind, binding_of("reg")
        ('#gpio-cells', 'regulator', None)
    """
    return next((row for row in REFERENCES if re.fullmatch(row.pattern, name)), None)
