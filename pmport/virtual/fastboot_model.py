"""What a fastboot bootloader does with each message: the model, without a cable."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pmport.untrusted import c_number, decimal, hexadecimal, printable
from pmport.virtual.partitions import Partition
from pmport.virtual.sparse_writer import MAGIC, SparseRefusedError, write_sparse

if TYPE_CHECKING:
    from pmport.virtual.fastboot_profiles import FastbootProfile

__all__ = ["FastbootModel"]

BOOT_MAGIC = b"ANDROID!"
STAGED = b"INFOStaged. Use 'fastboot get_staged <file>' to fetch."
DOWNLOAD_DIGITS = 8
RANGE_NUMBERS = 2
"""Offset and size."""
WITH_ARGUMENT = frozenset(
    {
        "getvar", "download", "flash", "erase", "fetch", "set_active", "create-logical-partition",
        "delete-logical-partition", "resize-logical-partition", "update-super",
    }
)  # fmt: skip
"""Verbs that mean nothing alone."""
REBOOTS = {
    "reboot": "system", "continue": "system", "reboot-bootloader": "bootloader", "reboot-recovery": "recovery",
    "reboot-fastboot": "fastboot", "shutdown": "off",
}  # fmt: skip


class _Data(bytes):
    """A part of a data phase: its length is not bound by that of answers."""


@dataclass
class FastbootModel:
    """A bootloader that understands fastboot.

    Args:
        profile: The family of bootloader.
        partitions: Its partitions by name.
        serial: What it answers to ``serialno``.
        variables: What it answers besides, over the profile's own.
        slots: Names of its slots; empty for a device without.
        locked: Whether the bootloader is locked.
        rebooted: Called with the target when it is told to reboot, after it has answered.
    """

    profile: FastbootProfile
    partitions: dict[str, Partition]
    serial: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    slots: tuple[str, ...] = ()
    locked: bool = False
    rebooted: Callable[[str], None] = lambda _target: None
    commands: list[str] = field(default_factory=list)
    """Every command that came, in order."""
    booted: bytes | None = None
    """The image of the last ``boot``."""
    current_slot: str = ""
    _download: bytearray = field(default_factory=bytearray)
    _expected: int = 0
    _staged: bytes = b""
    _upload: bytes = b""

    def __post_init__(self) -> None:
        if self.slots and not self.current_slot:
            self.current_slot = self.slots[0]

    @property
    def expected(self) -> int:
        """Bytes of a download that are still to come; 0 outside a data phase."""
        return self._expected

    def reset(self) -> None:
        """The cable was pulled: forget the conversation, keep the partitions."""
        self._download = bytearray()
        self._expected = 0
        self._staged = self._upload = b""

    def receive(self, data: bytes) -> Iterator[bytes]:
        """One message from the host.

        Args:
            data: A command, or a part of a download.

        Yields:
            The answers, in order.
        """
        if self._expected:
            yield from self._take(data)
            return
        text = data.split(b"\0", 1)[0].decode("utf-8", "replace")
        self.commands.append(text)
        for answer in self._answer(text, data):
            yield answer if isinstance(answer, _Data) else answer[: self.profile.answer_size]

    def _take(self, data: bytes) -> Iterator[bytes]:
        if len(data) > self._expected:
            self._expected = 0
            yield b"FAILdata too large"
            return
        self._download += data
        self._expected -= len(data)
        if not self._expected:
            self._staged, self._download = bytes(self._download), bytearray()
            yield b"OKAY"

    def _answer(self, text: str, data: bytes) -> Iterator[bytes]:
        verb, sign, argument = text.partition(":")
        word = verb.split(" ", 1)[0]
        refusal = self._refusal(text, data, word, argument if sign else None)
        if refusal:
            yield b"FAIL" + refusal.encode()
        elif word in REBOOTS:
            yield b"OKAY" + self.profile.reboot_words.get(word, "").encode()
            self.rebooted(REBOOTS[word])
        elif word in {"oem", "flashing"}:
            yield from self._oem(text.split(" ", 1)[1] if " " in text else "")
        else:
            handler = getattr(self, "_on_" + word.replace("-", "_"), None)
            yield from handler(argument) if handler else (b"OKAY",)

    def _refusal(self, text: str, data: bytes, word: str, argument: str | None) -> str:
        """What every bootloader looks at before it does anything: length, characters, verb, argument, lock."""
        profile = self.profile
        unsupported = profile.unsupported.get(text.partition(":")[0])
        if unsupported:
            return unsupported
        strange = any(byte < 0x20 or byte > 0x7E for byte in data)
        if word not in profile.verbs or len(data) > profile.command_size or (strange and not profile.ends_at_nul):
            return profile.unknown_command.format(command=printable(text[: profile.command_size]))
        if strange and any(byte < 0x20 or byte > 0x7E for byte in data.rstrip(b"\0")):
            return profile.unknown_command.format(command=printable(text[: profile.command_size]))
        stub = word == "set_active" and not profile.knows_slots
        if argument is None and word in WITH_ARGUMENT and profile.missing_argument is not None and not stub:
            return profile.missing_argument.get(word, profile.missing_argument[""])
        return profile.locked_words.get(word, "") if self.locked else ""

    # ----- variables

    def _on_getvar(self, name: str) -> Iterator[bytes]:
        known = self.all_variables()
        if name == "all":
            for key, value in self.listed(known).items():
                yield f"INFO{key}:{self.profile.listed_gap}{value}".encode()
            yield b"OKAY"
        elif name in known:
            yield f"OKAY{known[name]}".encode()
        else:
            yield self._unknown_variable(name).encode()

    def _unknown_variable(self, name: str) -> str:
        """Some variables are asked about a partition, and each family has its words for one that is not there."""
        variable, sign, partition = name.partition(":")
        words = self.profile.no_partition.get(variable)
        if words is None:
            listed = self.profile.lists.get(name)
            return f"FAIL{listed}" if listed else self.profile.unknown_variable
        if not sign or not partition:
            return words.no_argument
        return words.slotless if partition in self._bases() else words.unknown

    def _bases(self) -> frozenset[str]:
        """Names of partitions that have slots, without their suffix."""
        return frozenset(name.rpartition("_")[0] for name in self.partitions if name.rpartition("_")[2] in self.slots)

    def listed(self, known: Mapping[str, str]) -> dict[str, str]:
        """What ``getvar:all`` lists.

        Args:
            known: Everything that is known.

        Returns:
            All of it, or what the family lists, in its words.
        """
        if not self.profile.lists:
            return dict(known)
        return {name: known.get(name, absent) for name, absent in self.profile.lists.items()}

    def all_variables(self) -> dict[str, str]:
        """Everything that ``getvar`` knows.

        Returns:
            Name → the text of the answer.
        """
        known = {**self.profile.variables, **self.variables}
        if self.serial:
            known["serialno"] = self.serial
        if self.profile.max_download:
            known["max-download-size"] = self.profile.max_download
        if self.locked and "unlocked" in known:
            known["unlocked"] = "no"
        if self.profile.knows_slots and self.slots:
            known |= {"slot-count": str(len(self.slots)), "current-slot": self.current_slot}
        for name, partition in self.partitions.items():
            known[f"partition-size:{name}"] = self.profile.partition_size.format(partition.size)
            known[f"partition-type:{name}"] = partition.kind
            base, _, slot = name.rpartition("_")
            if slot in self.slots:
                known[f"has-slot:{base}"] = "yes"
            elif self.slots or "set_active" in self.profile.verbs:  # who knows slots answers for every partition
                known.setdefault(f"has-slot:{name}", "no")
            if known.get("is-userspace") == "yes":
                known.setdefault(f"has-slot:{name}", "no")
                known[f"is-logical:{name}"] = "yes" if partition.logical else "no"
        return known

    # ----- data

    def _on_download(self, argument: str) -> Iterator[bytes]:
        size = hexadecimal(argument)
        whole = len(argument) == DOWNLOAD_DIGITS and not argument.lower().startswith("0x")
        if size is None or (self.profile.eight_digits and not whole) or not size:
            yield f"FAIL{self.profile.no_size}".encode()
        elif size > self.profile.buffer_size:
            yield f"FAIL{self.profile.too_much.format(size=argument)}".encode()
        else:
            self._download, self._expected = bytearray(), size
            yield f"DATA{argument if self.profile.echoes_size else f'{size:08x}'}".encode()

    def _on_upload(self, argument: str) -> Iterator[bytes]:
        del argument
        if not self._upload:
            yield b"FAILno staged data"
            return
        upload, self._upload = self._upload, b""
        yield b"DATA%08x" % len(upload)
        yield from self._pieces(upload)
        yield b"OKAY"

    def _range(self, text: str) -> tuple[Partition, int, int] | str:
        """``partition[:offset[:size]]``: what is meant, or why nothing is."""
        name, *numbers = text.split(":")
        partition = self.partitions.get(name)
        if partition is None:
            return self.profile.no_such_partition
        offset, size = ([c_number(number) for number in numbers] + [0, None][len(numbers) :])[:RANGE_NUMBERS]
        if offset is None or len(numbers) > RANGE_NUMBERS or (len(numbers) == RANGE_NUMBERS and size is None):
            return "Invalid offset or size, must be integers"
        if offset > partition.size or (size or 0) > partition.size - offset:
            return "Invalid range: it lies beyond the partition"
        return partition, offset, partition.size - offset if size is None else size

    def _on_fetch(self, argument: str) -> Iterator[bytes]:
        wanted = self._range(argument)
        if isinstance(wanted, str):
            yield b"FAIL" + wanted.encode()
            return
        partition, offset, size = wanted
        limit = c_number(self.all_variables().get("max-fetch-size", "0"))
        if limit and size > limit:
            yield b"FAILCannot fetch: larger than max-fetch-size"
            return
        yield b"DATA%08x" % size
        yield from self._pieces(partition.read(offset, size))
        yield b"OKAY"

    @staticmethod
    def _pieces(data: bytes) -> Iterator[bytes]:
        for offset in range(0, len(data), 1 << 20):
            yield _Data(data[offset : offset + (1 << 20)])

    # ----- flashing

    def _on_flash(self, name: str) -> Iterator[bytes]:
        partition = self.partitions.get(name)
        image, self._staged = self._staged, self._staged if self.profile.keeps_download else b""
        if partition is None:
            yield f"FAIL{self.profile.no_such_partition if name else self.profile.no_name}".encode()
        elif not image:
            yield f"FAIL{self.profile.no_download}".encode()
        elif self.profile.checks_boot_magic and name in {"boot", "recovery"} and not image.startswith(BOOT_MAGIC):
            yield b"FAILimage is not a boot image"
        else:
            yield from self._written(partition, image)

    def _written(self, partition: Partition, image: bytes) -> Iterator[bytes]:
        sparse = len(image) >= 28 and struct.unpack_from("<I", image)[0] == MAGIC
        try:
            if sparse:
                write_sparse(partition, image)
            else:
                partition.write(0, image)
        except SparseRefusedError as error:
            yield f"FAIL{error}".encode()
        except ValueError:
            yield f"FAIL{self.profile.too_large}".encode()
        else:
            yield f"OKAY{self.profile.flashed}".encode()

    def _on_erase(self, name: str) -> Iterator[bytes]:
        partition = self.partitions.get(name)
        if partition is None:
            yield f"FAIL{self.profile.no_such_partition if name else self.profile.no_name}".encode()
            return
        partition.erase()
        yield b"OKAY" + self.profile.erased.encode()

    def _on_boot(self, argument: str) -> Iterator[bytes]:
        del argument
        if not self._staged.startswith(BOOT_MAGIC) and not self.profile.boots_anything:
            yield b"FAILinvalid boot image header"
        else:
            self.booted = self._staged
            yield b"OKAY"
            self.rebooted("boot")

    def _on_set_active(self, argument: str) -> Iterator[bytes]:
        if not self.profile.knows_slots:
            yield b"OKAY"  # a stub, whatever is asked
            return
        slot = argument.removeprefix("_") if self.profile.takes_underscore else argument
        if slot not in self.slots:
            yield f"FAIL{self.profile.no_slot}".encode()
            return
        self.current_slot = slot
        yield b"OKAY"

    def _on_create_logical_partition(self, argument: str) -> Iterator[bytes]:
        name, _, digits = argument.partition(":")
        size = decimal(digits)
        if not name or not digits:
            yield b"FAILInvalid partition name and size"
        elif size is None:
            yield b"FAILInvalid partition size"
        elif name in self.partitions:
            yield b"FAILPartition already exists"
        elif size > self._free_super():
            yield b"FAILNot enough space for partition"
        else:
            self.partitions[name] = Partition(size, logical=True)
            yield b"OKAYPartition created"

    def _free_super(self) -> int:
        """Bytes of super that no logical partition has; no end to them where the phone has no super."""
        container = self.partitions.get(self.all_variables().get("super-partition-name", ""))
        used = sum(partition.size for partition in self.partitions.values() if partition.logical)
        return container.size - used if container else 1 << 62

    def _on_delete_logical_partition(self, name: str) -> Iterator[bytes]:
        if not name:
            yield b"FAILInvalid partition name and size"
        elif name in self.partitions and not self.partitions[name].logical:
            yield b"FAILPartition is not logical"
        else:
            self.partitions.pop(name, None)
            yield b"OKAYPartition deleted"

    def _on_resize_logical_partition(self, argument: str) -> Iterator[bytes]:
        name, _, digits = argument.partition(":")
        partition, size = self.partitions.get(name), decimal(digits)
        if not name or not digits:
            yield b"FAILInvalid partition name and size"
        elif size is None:
            yield b"FAILInvalid partition size"
        elif partition is None or not partition.logical:
            yield b"FAILPartition does not exist"
        elif size - partition.size > self._free_super():
            yield b"FAILNot enough space to resize partition"
        else:
            partition.size = size
            yield b"OKAYPartition resized"

    def _on_update_super(self, argument: str) -> Iterator[bytes]:
        name, _, wipe = argument.partition(":")
        if name != self.all_variables().get("super-partition-name") or wipe not in {"", "wipe"}:
            yield b"FAILInvalid arguments"
        elif not self._staged:
            yield b"FAILNo data available"
        else:
            if wipe:
                for logical in [key for key, partition in self.partitions.items() if partition.logical]:
                    del self.partitions[logical]
            yield b"OKAY"

    def _on_snapshot_update(self, argument: str) -> Iterator[bytes]:
        status = self.all_variables().get("snapshot-update-status", "none")
        if argument not in {"", "cancel", "merge"}:
            yield b"FAILInvalid parameter to snapshot-update"
        elif argument == "merge" and status == "none":
            yield b"FAILNo snapshot merge is in progress"
        else:
            yield b"OKAYSuccess" if argument else b"OKAY" + status.encode()

    def _on_gsi(self, argument: str) -> Iterator[bytes]:
        yield (
            b"FAILCould not find GSI install" if argument in {"wipe", "disable", "status"} else b"FAILInvalid arguments"
        )

    def _oem(self, text: str) -> Iterator[bytes]:
        word, _, argument = text.replace(":", " ", 1).partition(" ")
        if word in self.profile.lock_words:
            self.locked = "unlock" not in word
            yield b"OKAY"
        elif word == "device-info" and "device-info" in self.profile.oem:
            yield f"INFO\tDevice unlocked: {str(not self.locked).lower()}".encode()
            yield b"OKAY"
        elif word == "get_unlock_ability" and word in self.profile.oem:
            yield b"INFOget_unlock_ability: 1"
            yield b"OKAY"
        elif word == "off-mode-charge" and word in self.profile.oem:
            yield b"OKAY" if argument in {"0", "1"} else b"FAILInvalid argument"
        elif word in {"log", "dtb"} and word in self.profile.oem:
            self._upload = f"{word} of a virtual phone\n".encode()
            yield STAGED
            yield b"OKAY"
        elif word == "read-partition" and word in self.profile.oem:
            yield from self._stage_partition(argument)
        elif word == "run" and word in self.profile.oem:
            yield b"FAILmissing command" if not argument else b"FAIL" if argument == "false" else b"OKAY"
        else:
            yield f"FAIL{self.profile.unknown_command.format(command='oem')}".encode()

    def _stage_partition(self, argument: str) -> Iterator[bytes]:
        wanted = self._range(argument)
        if isinstance(wanted, str):
            yield b"FAIL" + wanted.encode()
            return
        partition, offset, size = wanted
        self._upload = partition.read(offset, size)
        yield STAGED
        yield b"OKAY"
