"""How the families of bootloaders that speak fastboot differ: one row each.

Sources: AOSP ``fastboot/device`` (fastbootd), Qualcomm's ``app/aboot`` in LK, lk2nd, U-Boot's ``drivers/fastboot``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = ["PROFILES", "FastbootProfile"]


@dataclass(frozen=True, slots=True)
class FastbootProfile:
    """One family of bootloaders.

    Args:
        name: What people call it.
        command_size: Longest command that it reads, bytes.
        answer_size: Longest answer that it gives, bytes.
        max_download: What it answers to ``max-download-size``; "" where it answers nothing.
        buffer_size: How much it really takes, bytes.
        unknown_variable: Its answer to an unknown variable: ``"FAIL…"``, or ``"OKAY"`` for an empty value.
        unknown_command: Its answer to an unknown command.
        variables: What it answers besides; partitions and slots answer for themselves.
        verbs: The commands that it knows.
        checks_boot_magic: Whether boot and recovery must begin with ``ANDROID!``.
        stops_at_short_packets: Whether a short packet inside a download makes it give up without an answer.
        keeps_download: Whether the download can be flashed twice.
        size_prefix: What stands before the digits of ``partition-size``.
        flashed: The text of a successful flash.
    """

    name: str
    command_size: int = 64
    answer_size: int = 64
    max_download: str = "0x10000000"
    buffer_size: int = 1 << 28
    unknown_variable: str = "FAILunknown variable"
    unknown_command: str = "FAILunknown command"
    variables: Mapping[str, str] = field(default_factory=dict)
    verbs: frozenset[str] = frozenset()
    checks_boot_magic: bool = False
    stops_at_short_packets: bool = False
    keeps_download: bool = True
    size_prefix: str = "0x"
    flashed: str = ""


COMMON = frozenset({"getvar", "download", "flash", "erase", "reboot", "reboot-bootloader", "continue", "boot"})
BASE = {"version": "0.4", "secure": "no", "unlocked": "yes"}

PROFILES: Mapping[str, FastbootProfile] = MappingProxyType(
    {
        "lk": FastbootProfile(
            "lk",
            answer_size=256,
            max_download="\t0x10000000",
            unknown_variable="OKAY",
            variables={**BASE, "product": "msm8916", "kernel": "lk", "version-bootloader": "", "variant": "QRD eMMC"},
            verbs=COMMON | {"oem", "set_active"},
            checks_boot_magic=True,
            stops_at_short_packets=True,
            size_prefix="\t0x",
        ),
        "lk2nd": FastbootProfile(
            "lk2nd",
            answer_size=256,
            unknown_variable="OKAY",
            variables={
                **BASE,
                "version": "0.5",
                "product": "lk2nd-msm8916",
                "kernel": "lk",
                "lk2nd:version": "18.0",
                "lk2nd:compatible": "pmport,virtual-phone",
                "lk2nd:model": "pmport virtual phone",
                "max-fetch-size": "0x1000000",
            },
            verbs=COMMON | {"oem", "upload", "fetch", "reboot-recovery"},
            stops_at_short_packets=True,
            size_prefix="0x",
        ),
        "abl": FastbootProfile(
            "abl",
            command_size=64,
            answer_size=256,
            max_download="268435456",
            variables={**BASE, "product": "sdm845", "version-bootloader": "abl-1", "battery-voltage": "4012"},
            verbs=COMMON | {"oem", "set_active", "reboot-recovery", "reboot-fastboot", "flashing"},
            unknown_variable="FAILGetVar Variable Not found",
            checks_boot_magic=False,
        ),
        "fastbootd": FastbootProfile(
            "fastbootd",
            command_size=256,
            answer_size=256,
            variables={
                **BASE,
                "product": "virtual",
                "is-userspace": "yes",
                "max-fetch-size": "0x10000000",
                "super-partition-name": "super",
                "snapshot-update-status": "none",
            },
            verbs=(COMMON - {"boot", "continue"})
            | {
                "fetch",
                "set_active",
                "reboot-recovery",
                "reboot-fastboot",
                "shutdown",
                "create-logical-partition",
                "delete-logical-partition",
                "resize-logical-partition",
                "snapshot-update",
                "update-super",
            },
            unknown_variable="FAILUnknown variable",
            unknown_command="FAILUnrecognized command {command}",
            keeps_download=False,
            flashed="Flashing succeeded",
        ),
        "uboot": FastbootProfile(
            "uboot",
            max_download="0x02000000",
            buffer_size=1 << 25,
            variables={
                **BASE,
                "product": "board",
                "current-slot": "a",
                "is-userspace": "no",
                "version-baseband": "N/A",
            },
            verbs=COMMON | {"set_active", "oem"},
            unknown_variable="FAILVariable not implemented",
            unknown_command="FAILunrecognized command",
        ),
    }
)
"""Profile by name."""
