"""Names of numbers in device trees: GPIO flags, interrupt types, key codes.

The numbers are part of the bindings' interface and never change. Sources: the kernel's ``include/dt-bindings``:
``gpio/gpio.h``, ``interrupt-controller/irq.h``, ``interrupt-controller/arm-gic.h``, ``input/linux-event-codes.h``.

Example:
    >>> GPIO_FLAGS[1], INTERRUPT_TYPES[8], KEYS[116]
    ('GPIO_ACTIVE_LOW', 'IRQ_TYPE_LEVEL_LOW', 'KEY_POWER')
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["GIC_KINDS", "GPIO_FLAGS", "HEADERS", "INTERRUPT_TYPES", "KEYS", "SWITCHES", "definitions"]

GPIO_FLAGS: Mapping[int, str] = MappingProxyType({0: "GPIO_ACTIVE_HIGH", 1: "GPIO_ACTIVE_LOW"})
"""The flag of a GPIO that only says when it is active."""
INTERRUPT_TYPES: Mapping[int, str] = MappingProxyType(
    {
        0: "IRQ_TYPE_NONE",
        1: "IRQ_TYPE_EDGE_RISING",
        2: "IRQ_TYPE_EDGE_FALLING",
        3: "IRQ_TYPE_EDGE_BOTH",
        4: "IRQ_TYPE_LEVEL_HIGH",
        8: "IRQ_TYPE_LEVEL_LOW",
    }
)
"""What an interrupt line is triggered by."""
GIC_KINDS: Mapping[int, str] = MappingProxyType({0: "GIC_SPI", 1: "GIC_PPI"})
"""First cell of an interrupt of ARM's controller."""
KEYS: Mapping[int, str] = MappingProxyType(
    {
        1: "KEY_ESC", 14: "KEY_BACKSPACE", 28: "KEY_ENTER", 57: "KEY_SPACE", 102: "KEY_HOME", 103: "KEY_UP",
        105: "KEY_LEFT", 106: "KEY_RIGHT", 108: "KEY_DOWN", 113: "KEY_MUTE", 114: "KEY_VOLUMEDOWN", 115: "KEY_VOLUMEUP",
        116: "KEY_POWER", 125: "KEY_LEFTMETA", 139: "KEY_MENU", 142: "KEY_SLEEP", 143: "KEY_WAKEUP", 158: "KEY_BACK",
        163: "KEY_NEXTSONG", 164: "KEY_PLAYPAUSE", 165: "KEY_PREVIOUSSONG", 169: "KEY_PHONE", 172: "KEY_HOMEPAGE",
        212: "KEY_CAMERA", 217: "KEY_SEARCH", 226: "KEY_MEDIA", 248: "KEY_MICMUTE", 256: "BTN_0",
        352: "KEY_OK", 528: "KEY_CAMERA_FOCUS", 580: "KEY_APPSELECT", 582: "KEY_VOICECOMMAND", 583: "KEY_ASSISTANT",
    }
)  # fmt: skip
"""``linux,code`` of a key."""
SWITCHES: Mapping[int, str] = MappingProxyType(
    {0: "SW_LID", 1: "SW_TABLET_MODE", 2: "SW_HEADPHONE_INSERT", 4: "SW_MICROPHONE_INSERT", 5: "SW_DOCK", 9: "SW_CAMERA_LENS_COVER", 10: "SW_KEYPAD_SLIDE", 11: "SW_FRONT_PROXIMITY"}
)  # fmt: skip
"""``linux,code`` of a switch, where ``linux,input-type`` is 5."""
HEADERS: Mapping[str, tuple[Mapping[int, str], ...]] = MappingProxyType(
    {
        "dt-bindings/gpio/gpio.h": (GPIO_FLAGS,),
        "dt-bindings/interrupt-controller/irq.h": (INTERRUPT_TYPES,),
        "dt-bindings/interrupt-controller/arm-gic.h": (GIC_KINDS, INTERRUPT_TYPES),
        "dt-bindings/input/input.h": (KEYS, SWITCHES, MappingProxyType({5: "EV_SW", 1: "EV_KEY"})),
        "dt-bindings/input/linux-event-codes.h": (KEYS, SWITCHES),
    }
)
"""Header → the names that it gives."""


def definitions(header: str) -> str:
    r"""What stands for a header where the kernel's is not at hand: the names that pmport knows.

    Args:
        header: Its name, as in ``#include <…>``.

    Returns:
        Lines of ``#define``; nothing for a header that is not in :data:`HEADERS`.

    Example:
        >>> definitions("dt-bindings/gpio/gpio.h")
        '#define GPIO_ACTIVE_HIGH 0\n#define GPIO_ACTIVE_LOW 1\n'
    """
    names = {name: number for table in HEADERS.get(header, ()) for number, name in table.items()}
    return "".join(f"#define {name} {number}\n" for name, number in names.items())
