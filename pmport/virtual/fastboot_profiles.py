"""How the families of bootloaders that speak fastboot differ: one row each.

Sources: AOSP ``fastboot/device`` (fastbootd), Qualcomm's ``app/aboot`` in LK, lk2nd, U-Boot's ``drivers/fastboot``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = ["PROFILES", "FastbootProfile"]


@dataclass(frozen=True, slots=True)
class NoPartition:
    """What a variable of a partition answers where there is none.

    Args:
        no_argument: Where no partition is named.
        unknown: Where there is no partition of that name.
        slotless: Where the name lacks its slot's suffix.
    """

    no_argument: str
    unknown: str
    slotless: str


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
        no_partition: Variables that it asks of a partition, and its words where that is not there.
        unknown_command: The reason that it gives for an unknown command.
        unsupported: Verbs and words after ``oem`` that it knows, but was built without, and its reason.
        missing_argument: The reason for a verb without its argument, ``""`` for any verb; None where it goes on without.
        locked_words: Verbs that a locked phone refuses, and how.
        variables: What it answers besides; partitions and slots answer for themselves.
        lists: What ``getvar:all`` lists, and what stands there for what is not known; empty: everything.
        listed_gap: What stands between a name and its value there, after the colon.
        verbs: The commands that it knows.
        oem: Words after ``oem`` and ``flashing`` that it knows.
        lock_words: Those of them that lock and unlock it; a virtual phone asks nobody.
        knows_slots: Whether ``set_active`` does anything.
        takes_underscore: Whether ``set_active`` takes ``_a`` for ``a``.
        checks_boot_magic: Whether boot and recovery must begin with ``ANDROID!``.
        boots_anything: Whether ``boot`` looks at what was downloaded.
        stops_at_short_packets: Whether a short packet inside a download makes it give up without an answer.
        keeps_download: Whether the download can be flashed twice.
        eight_digits: Whether the size of a download must have eight digits.
        echoes_size: Whether its answer repeats the digits as they came.
        ends_at_nul: Whether a NUL ends a command; else it is refused.
        partition_size: How it writes ``partition-size``.
        flashed, erased, reboot_words: The texts of success.
        no_size, too_much, too_large, no_download, no_such_partition, no_name, no_slot: The reasons that it gives.
    """

    name: str
    command_size: int = 64
    answer_size: int = 64
    max_download: str = "0x10000000"
    buffer_size: int = 1 << 28
    unknown_variable: str = "FAILunknown variable"
    no_partition: Mapping[str, NoPartition] = field(default_factory=dict)
    unknown_command: str = "unknown command"
    unsupported: Mapping[str, str] = field(default_factory=dict)
    missing_argument: Mapping[str, str] | None = None
    locked_words: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    listed_gap: str = ""
    verbs: frozenset[str] = frozenset()
    oem: frozenset[str] = frozenset()
    lock_words: frozenset[str] = frozenset()
    knows_slots: bool = True
    takes_underscore: bool = True
    checks_boot_magic: bool = False
    boots_anything: bool = False
    stops_at_short_packets: bool = False
    keeps_download: bool = True
    eight_digits: bool = False
    echoes_size: bool = False
    ends_at_nul: bool = True
    partition_size: str = "0x{:x}"
    flashed: str = ""
    erased: str = ""
    reboot_words: Mapping[str, str] = field(default_factory=dict)
    no_size: str = "data too large"
    too_much: str = "data too large"
    too_large: str = "size too large"
    no_download: str = "no data was downloaded"
    no_such_partition: str = "partition table doesn't exist"
    no_name: str = "partition table doesn't exist"
    no_slot: str = "Invalid slot suffix."


COMMON = frozenset({"getvar", "download", "flash", "erase", "reboot", "reboot-bootloader", "continue", "boot"})
BASE = {"version": "0.4", "secure": "no", "unlocked": "yes"}
NAMED = {"version-bootloader": "virtual-1", "version-baseband": "virtual-1", "variant": "virtual", "hw-revision": "1.0"}
CHARGED = {"battery-voltage": "4012", "battery-soc-ok": "yes", "off-mode-charge": "1"}
LK_LOCKED = {
    "flash": "Partition flashing is not allowed",
    "erase": "Partition erase is not allowed",
    "boot": "unlock device to use this command",
    "set_active": "Slot Change is not allowed in Lock State",
}
ABL_LOCKED = {
    "flash": "Flashing is not allowed in Lock State",
    "erase": "Erase is not allowed in Lock State",
    "boot": "Fastboot boot command is not available in locked device",
    "set_active": "Slot Change is not allowed in Lock State",
}
UNAVAILABLE = "Command not available on locked devices"
FASTBOOTD_LOCKED = {
    "download": "Download is not allowed on locked devices",
    "flash": "Flashing is not allowed on locked devices",
    "erase": "Erase is not allowed on locked devices",
    "fetch": "Fetch is not allowed on locked devices",
    "set_active": "set_active command is not allowed on locked devices",
    "create-logical-partition": UNAVAILABLE,
    "delete-logical-partition": UNAVAILABLE,
    "resize-logical-partition": UNAVAILABLE,
    "update-super": UNAVAILABLE,
    "snapshot-update": UNAVAILABLE,
    "gsi": "Command not available on locked DSU/devices",
}
FASTBOOTD_VERBS = frozenset(
    {
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
        "gsi",
    }
)
LOCK_WORDS = frozenset({"lock", "unlock", "unlock-go", "lock_critical", "unlock_critical"})
NO_U_BOOT_PARTITION = NoPartition(
    "FAILpartition not given", "FAILinvalid partition or device", "FAILinvalid partition or device"
)

PROFILES: Mapping[str, FastbootProfile] = MappingProxyType(
    {
        "lk": FastbootProfile(
            "lk",
            answer_size=256,
            max_download="\t0x10000000",
            unknown_variable="OKAY",
            locked_words=LK_LOCKED,
            variables={
                **BASE,
                **NAMED,
                **CHARGED,
                "product": "msm8916",
                "kernel": "lk",
                "variant": "QRD eMMC",
                "slot-count": "0",
            },
            verbs=COMMON | {"oem", "set_active", "flashing"},
            oem=frozenset({"device-info", "off-mode-charge", "get_unlock_ability"}),
            lock_words=LOCK_WORDS,
            takes_underscore=False,
            checks_boot_magic=True,
            stops_at_short_packets=True,
            partition_size="\t0x{:x}",
        ),
        "lk2nd": FastbootProfile(
            "lk2nd",
            answer_size=256,
            unknown_variable="OKAY",
            variables={
                **BASE,
                **NAMED,
                **CHARGED,
                "version": "0.5",
                "product": "lk2nd-msm8916",
                "kernel": "lk",
                "lk2nd:version": "18.0",
                "lk2nd:compatible": "pmport,virtual-phone",
                "lk2nd:model": "pmport virtual phone",
                "max-fetch-size": "0x1000000",
                "slot-count": "0",
            },
            verbs=COMMON | {"oem", "upload", "fetch", "reboot-recovery"},
            oem=frozenset({"device-info", "off-mode-charge", "log", "dtb", "read-partition"}),
            lock_words=LOCK_WORDS,
            stops_at_short_packets=True,
        ),
        "abl": FastbootProfile(
            "abl",
            command_size=64,
            answer_size=256,
            max_download="268435456",
            locked_words=ABL_LOCKED,
            variables={
                **BASE,
                **NAMED,
                **CHARGED,
                "product": "sdm845",
                "version-bootloader": "abl-1",
                "slot-count": "0",
            },
            verbs=COMMON | {"oem", "set_active", "reboot-recovery", "reboot-fastboot", "flashing"},
            oem=frozenset({"device-info", "off-mode-charge", "get_unlock_ability"}),
            lock_words=LOCK_WORDS,
            unknown_variable="FAILGetVar Variable Not found",
        ),
        "fastbootd": FastbootProfile(
            "fastbootd",
            command_size=256,
            answer_size=256,
            variables={
                **BASE,
                **NAMED,
                **CHARGED,
                "product": "virtual",
                "is-userspace": "yes",
                "max-fetch-size": "0x10000000",
                "super-partition-name": "super",
                "snapshot-update-status": "none",
                "slot-count": "0",
            },
            verbs=(COMMON - {"boot", "continue"}) | FASTBOOTD_VERBS,
            locked_words=FASTBOOTD_LOCKED,
            unknown_variable="FAILUnknown variable",
            no_partition={
                "has-slot": NoPartition("FAILMissing argument", "OKAYno", "OKAYyes"),
                "is-logical": NoPartition("FAILMissing argument", "FAILPartition not found", "FAILPartition not found"),
                "partition-size": NoPartition(
                    "FAILMissing argument", "FAILCould not open partition", "FAILCould not open partition"
                ),
                "partition-type": NoPartition("FAILMissing argument", "FAILInvalid partition", "FAILInvalid partition"),
            },
            unknown_command="Unrecognized command {command}",
            missing_argument={
                "": "Invalid arguments",
                "getvar": "Missing argument",
                "download": "size argument unspecified",
                "set_active": "Missing slot argument",
                "fetch": "Missing partition arg",
            },
            keeps_download=False,
            takes_underscore=False,
            eight_digits=True,
            ends_at_nul=False,
            partition_size="0x{:X}",
            flashed="Flashing succeeded",
            erased="Erasing succeeded",
            reboot_words={
                "reboot": "Rebooting",
                "reboot-bootloader": "Rebooting bootloader",
                "reboot-fastboot": "Rebooting fastboot",
                "reboot-recovery": "Rebooting to recovery",
                "shutdown": "Shutting down",
            },
            no_size="Invalid size",
            too_much="Invalid size",
            too_large="Value too large for defined data type",
            no_download="No data available to flash",
            no_such_partition="Partition doesn't exist",
            no_name="Partition doesn't exist",
            no_slot="Bad slot suffix",
        ),
        "uboot": FastbootProfile(
            "uboot",
            max_download="0x02000000",
            buffer_size=1 << 25,
            variables={
                "version": "0.4",
                "version-bootloader": "U-Boot 2025.01",
                "downloadsize": "0x02000000",
                "product": "board",
                "current-slot": "a",
                "is-userspace": "no",
                "version-baseband": "N/A",
            },
            lists={
                "version": "",
                "version-bootloader": "",
                "downloadsize": "",
                "max-download-size": "",
                "serialno": "Value not set",
                "version-baseband": "",
                "product": "Board not set",
                "platform": "platform not set",
                "current-slot": "",
                "is-userspace": "",
            },
            listed_gap=" ",
            verbs=COMMON | {"set_active", "oem", "reboot-fastboot", "reboot-recovery"},
            oem=frozenset({"run"}),
            knows_slots=False,
            boots_anything=True,
            unknown_variable="FAILVariable not implemented",
            no_partition={
                "has-slot": NoPartition("FAILinvalid partition name", "FAILinvalid partition or device", "OKAYyes"),
                "partition-size": NO_U_BOOT_PARTITION,
                "partition-type": NO_U_BOOT_PARTITION,
            },
            unknown_command="unrecognized command",
            unsupported=dict.fromkeys(
                ("UCmd", "ACmd", "oem console", "oem partconf", "oem bootbus", "oem board", "oem format"),
                "Unsupported command",
            ),
            missing_argument={
                "": "partition not given",
                "getvar": "missing var",
                "download": "Expected command parameter",
            },
            echoes_size=True,
            partition_size="0x{:016x}",
            no_size="Expected nonzero image size",
            too_much="{size}",
            too_large="too large for partition",
            no_such_partition="invalid partition or device",
            no_name="partition not given",
        ),
    }
)
"""Profile by name."""
