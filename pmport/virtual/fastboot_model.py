"""What a fastboot bootloader does with each message: the model, without a cable."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pmport.virtual.partitions import Partition
from pmport.virtual.sparse_writer import MAGIC, SparseRefusedError, write_sparse

if TYPE_CHECKING:
    from pmport.virtual.fastboot_profiles import FastbootProfile

__all__ = ["FastbootModel"]

BOOT_MAGIC = b"ANDROID!"
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
        else:
            text = data[: self.profile.command_size].decode("utf-8", "replace")
            self.commands.append(text)
            for answer in self._answer(text):
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

    def _answer(self, text: str) -> Iterator[bytes]:
        verb, _, argument = text.partition(":")
        word = verb.split(" ", 1)[0]
        if word not in self.profile.verbs:
            yield self.profile.unknown_command.format(command=text).encode()
        elif word in REBOOTS:
            yield b"OKAY"
            self.rebooted(REBOOTS[word])
        elif word in {"oem", "flashing"}:
            yield from self._oem(text.split()[1:])
        else:
            handler = getattr(self, "_on_" + word.replace("-", "_"), None)
            yield from handler(argument) if handler else (b"OKAY",)

    # ----- variables

    def _on_getvar(self, name: str) -> Iterator[bytes]:
        if name == "all":
            for key, value in self.all_variables().items():
                yield f"INFO{key}:{value}".encode()
            yield b"OKAY"
            return
        known = self.all_variables()
        yield f"OKAY{known[name]}".encode() if name in known else self.profile.unknown_variable.encode()

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
        if self.locked:
            known["unlocked"] = "no"
        if self.slots:
            known |= {"slot-count": str(len(self.slots)), "current-slot": self.current_slot}
        for name, partition in self.partitions.items():
            known[f"partition-size:{name}"] = f"{self.profile.size_prefix}{partition.size:x}"
            known[f"partition-type:{name}"] = partition.kind
            base, _, slot = name.rpartition("_")
            if slot in self.slots:
                known[f"has-slot:{base}"] = "yes"
            elif self.slots or "set_active" in self.profile.verbs:  # who knows slots answers for every partition
                known.setdefault(f"has-slot:{name}", "no")
            if known.get("is-userspace") == "yes":
                known[f"is-logical:{name}"] = "yes" if partition.logical else "no"
        return known

    # ----- data

    def _on_download(self, argument: str) -> Iterator[bytes]:
        try:
            size = int(argument, 16)
        except ValueError:
            size = 0
        if not size:
            yield b"FAILInvalid size (0)"
        elif size > self.profile.buffer_size:
            yield b"FAILdata too large"
        else:
            self._download, self._expected = bytearray(), size
            yield b"DATA%08x" % size

    def _on_upload(self, argument: str) -> Iterator[bytes]:
        del argument
        yield b"DATA%08x" % len(self._upload)
        yield from self._pieces(self._upload)
        yield b"OKAY"

    def _on_fetch(self, argument: str) -> Iterator[bytes]:
        name, *numbers = argument.split(":")
        partition = self.partitions.get(name)
        if partition is None:
            yield b"FAILpartition table doesn't exist"
            return
        offset = int(numbers[0], 0) if numbers else 0
        size = int(numbers[1], 0) if len(numbers) > 1 else partition.size - offset
        limit = int(self.all_variables().get("max-fetch-size", "0"), 0)
        if offset + size > partition.size or (limit and size > limit):
            yield b"FAILinvalid fetch range"
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
        if self.locked:
            yield b"FAILPartition flashing is not allowed"
        elif partition is None:
            yield b"FAILpartition table doesn't exist"
        elif not image:
            yield b"FAILno data was downloaded"
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
            yield b"FAILsize too large"
        else:
            yield f"OKAY{self.profile.flashed}".encode()

    def _on_erase(self, name: str) -> Iterator[bytes]:
        partition = self.partitions.get(name)
        if partition is None or self.locked:
            yield b"FAILfailed to erase partition"
            return
        partition.erase()
        yield b"OKAY"

    def _on_boot(self, argument: str) -> Iterator[bytes]:
        del argument
        if self.locked:
            yield b"FAILunlock device to use this command"
        elif not self._staged.startswith(BOOT_MAGIC):
            yield b"FAILinvalid boot image header"
        else:
            self.booted = self._staged
            yield b"OKAY"
            self.rebooted("boot")

    def _on_set_active(self, argument: str) -> Iterator[bytes]:
        slot = argument.removeprefix("_")
        if slot not in self.slots:
            yield b"FAILInvalid slot suffix."
            return
        self.current_slot = slot
        yield b"OKAY"

    def _on_create_logical_partition(self, argument: str) -> Iterator[bytes]:
        name, _, size = argument.partition(":")
        if name in self.partitions:
            yield b"FAILPartition already exists"
            return
        self.partitions[name] = Partition(int(size), logical=True)
        yield b"OKAY"

    def _on_delete_logical_partition(self, name: str) -> Iterator[bytes]:
        if name not in self.partitions or not self.partitions[name].logical:
            yield b"FAILPartition doesn't exist"
            return
        del self.partitions[name]
        yield b"OKAY"

    def _on_resize_logical_partition(self, argument: str) -> Iterator[bytes]:
        name, _, size = argument.partition(":")
        partition = self.partitions.get(name)
        if partition is None or not partition.logical:
            yield b"FAILPartition doesn't exist"
            return
        partition.size = int(size)
        yield b"OKAY"

    def _oem(self, words: list[str]) -> Iterator[bytes]:
        if words[:1] == ["unlock"]:
            self.locked = False
            yield b"OKAY"
        elif words[:1] == ["lock"]:
            self.locked = True
            yield b"OKAY"
        elif words[:1] == ["device-info"]:
            yield f"INFO\tDevice unlocked: {str(not self.locked).lower()}".encode()
            yield b"OKAY"
        elif words[:1] == ["read-partition"] and "upload" in self.profile.verbs and len(words) > 1:
            yield from self._stage_partition(words[1])
        else:
            yield self.profile.unknown_command.format(command="oem").encode()

    def _stage_partition(self, argument: str) -> Iterator[bytes]:
        name, *numbers = argument.split(":")
        partition = self.partitions.get(name)
        if partition is None:
            yield b"FAILpartition table doesn't exist"
            return
        offset = int(numbers[0], 0) if numbers else 0
        size = int(numbers[1], 0) if len(numbers) > 1 else partition.size - offset
        self._upload = partition.read(offset, size)
        yield b"INFOStaged. Use 'fastboot get_staged <file>' to fetch."
        yield b"OKAY"
