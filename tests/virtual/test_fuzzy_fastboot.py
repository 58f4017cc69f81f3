"""AOSP's fuzzy_fastboot asks a bootloader for what every one of them should do: the same questions to every profile.

The cases are those of ``fastboot/fuzzy_fastboot/main.cpp`` in ``platform/system/core``, said anew. Where a family's real
bootloader does not pass, :data:`EXCEPTIONS` names the source of that.
"""

from __future__ import annotations

import random
import string
import struct
from collections.abc import Iterator

import pytest

from pmport.virtual import PROFILES, Partition
from pmport.virtual.fastboot_model import FastbootModel

MIB = 1 << 20
EXCEPTIONS = {
    ("uboot", "serialno"): "drivers/fastboot/fb_getvar.c: FAIL where the environment has no serial#",
    ("uboot", "version-bootloader"): "the same: its version has a space",
    ("uboot", "version-baseband"): "the same: N/A has a slash",
    **{
        ("uboot", name): "the same: the table has no such row"
        for name in ("secure", "off-mode-charge", "variant", "hw-revision", "battery-voltage", "battery-soc-ok", "unlocked", "slot-count")
    },
    ("lk", "variant"): 'app/aboot/aboot.c: "QRD eMMC", with a space, which only this case forbids',
    ("lk", "max-download-size"): "aboot.c publishes it behind a tab",
    ("abl", "max-download-size"): "FastbootCmds.c publishes it in decimal digits",
    ("lk", "partition-info"): "aboot.c publishes sizes behind a tab",
    ("uboot", "partition-info"): "fb_getvar.c: has-slot, partition-type and partition-size are not listed by all",
    ("uboot", "unlock-ability"): "fb_command.c has no flashing",
    ("lk2nd", "unlock-ability"): "lk2nd registers no flashing commands",
    ("fastbootd", "unlock-ability"): "device/commands.cpp has no flashing",
    ("lk2nd", "set-active"): "lk2nd registers no set_active for phones without slots",
    ("uboot", "set-active"): "fb_command.c: a stub that changes nothing",
    ("uboot", "locked"): "U-Boot has no lock",
    ("lk2nd", "locked"): "lk2nd has no lock: it replaces the bootloader's refusals",
    ("fastbootd", "boot"): "fastbootd starts no images",
    ("uboot", "boot"): "fb_command.c: boot answers OKAY, whatever was downloaded",
    **{(name, "eight-digits"): "the size is read by strtoul: fewer digits are a number too" for name in ("lk", "lk2nd", "abl", "uboot")},
    **{(name, "nul"): "a NUL ends the command" for name in ("lk", "lk2nd", "abl", "uboot")},
    **{(name, "no-argument:continue"): "goes on without one" for name in ("lk", "lk2nd", "abl", "uboot")},
    **{(name, "no-argument:reboot"): "goes on without one" for name in PROFILES},
    **{(name, "no-argument:getvar"): "aboot.c: an empty name is an unknown variable, which is OKAY" for name in ("lk", "lk2nd")},
    ("uboot", "no-argument:boot"): "as boot",
    ("uboot", "no-argument:set_active"): "as set-active",
    ("fastbootd", "crc"): "libsparse checks sums only when told to",
}  # fmt: skip
"""(profile, case) → why its real counterpart does not pass."""
SPARSE_CASES = ("zero-block-size", "zero-length", "trimmed", "invalid-chunk", "too-many-chunks", "wrong-version")


@pytest.fixture(params=PROFILES)
def model(request: pytest.FixtureRequest) -> FastbootModel:
    partitions = {
        name: Partition(2 * MIB) for name in ("boot_a", "boot_b", "userdata", "vendor_boot_a", "vendor_boot_b")
    }
    profile = PROFILES[request.param]
    slots = ("a", "b") if profile.knows_slots and "set_active" in profile.verbs else ()
    if not slots:
        partitions = {"boot": Partition(2 * MIB), "userdata": Partition(2 * MIB)}
    return FastbootModel(profile, partitions, "ABC123", slots=slots)


def ask(model: FastbootModel, command: str | bytes) -> str:
    """The last answer."""
    data = command if isinstance(command, bytes) else command.encode()
    answers = [answer.decode("utf-8", "replace") for answer in model.receive(data)]
    return answers[-1] if answers else ""


def excepted(model: FastbootModel, case: str) -> bool:
    return (model.profile.name, case) in EXCEPTIONS


def value(model: FastbootModel, name: str) -> str:
    answer = ask(model, f"getvar:{name}")
    return answer[4:] if answer.startswith("OKAY") else ""


LEGAL = set(string.ascii_letters + string.digits + "_-.")
VARIABLES: dict[str, set[str] | None] = {
    "product": None, "version-bootloader": None, "version-baseband": None, "hw-revision": None, "battery-voltage": None,
    "serialno": None, "variant": None, "secure": {"yes", "no"}, "unlocked": {"yes", "no"},
    "off-mode-charge": {"0", "1"}, "battery-soc-ok": {"yes", "no"},
}  # fmt: skip


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_is_told_in_plain_characters(model: FastbootModel, name: str) -> None:
    if excepted(model, name):
        pytest.skip(EXCEPTIONS[model.profile.name, name])
    answer, allowed = value(model, name), VARIABLES[name]
    assert answer
    assert len(answer) <= 60
    assert LEGAL.issuperset(answer)
    assert allowed is None or answer in allowed


def test_the_download_size_is_a_number_of_32_bits(model: FastbootModel) -> None:
    if not excepted(model, "max-download-size"):
        size = value(model, "max-download-size")
        assert size.startswith("0x")
        assert 0 < int(size, 16) <= 0xFFFFFFFF
    assert ask(model, f"download:{model.profile.buffer_size + 1:08x}").startswith("FAIL")
    assert not model.expected


def test_all_lists_something(model: FastbootModel) -> None:
    *lines, end = [answer.decode() for answer in model.receive(b"getvar:all")]
    assert end == "OKAY"
    assert lines
    assert all(line.startswith("INFO") and len(line) <= model.profile.answer_size for line in lines)


def test_each_partition_tells_its_type_and_size(model: FastbootModel) -> None:
    for name in model.partitions:
        assert value(model, f"partition-type:{name}") in {"raw", "ext4", "f2fs"}
        size = value(model, f"partition-size:{name}")
        assert excepted(model, "partition-info") or size.startswith("0x")
        assert int(size, 16) == 2 * MIB


def test_slots_and_partitions_agree(model: FastbootModel) -> None:
    count = value(model, "slot-count") or "0"
    assert count.isdigit()
    for name in model.partitions if int(count) else ():
        base, _, slot = name.rpartition("_")
        assert value(model, f"has-slot:{base if slot in {'a', 'b'} else name}") == (
            "yes" if slot in {"a", "b"} else "no"
        )


def test_every_slot_can_be_made_active_and_no_other(model: FastbootModel) -> None:
    if excepted(model, "set-active"):
        pytest.skip(EXCEPTIONS[model.profile.name, "set-active"])
    for slot in ("b", "a"):
        assert ask(model, f"set_active:{slot}").startswith("OKAY")
        assert value(model, "current-slot") == slot
    for wrong in ("", "c", "z", "ab", "boot_a", "-1", "A"):
        assert ask(model, f"set_active:{wrong}").startswith("FAIL"), wrong
    assert value(model, "current-slot") == "a"


def test_whether_it_can_be_unlocked_is_told(model: FastbootModel) -> None:
    if excepted(model, "unlock-ability"):
        assert ask(model, "flashing get_unlock_ability").startswith("FAIL")
        return
    line, end = [answer.decode() for answer in model.receive(b"flashing get_unlock_ability")]
    assert end == "OKAY"
    assert line[-1] in "01"


def test_a_locked_phone_changes_nothing_and_says_why(model: FastbootModel) -> None:
    if excepted(model, "locked"):
        pytest.skip(EXCEPTIONS[model.profile.name, "locked"])
    model.locked = True
    assert value(model, "unlocked") == "no"
    before = {name: partition.sha256() for name, partition in model.partitions.items()}
    if "download" not in model.profile.locked_words:
        list(model.receive(b"download:00000008"))
        list(model.receive(b"ANDROID!"))
    commands = ["boot", "set_active:b", "create-logical-partition:x:4096", "delete-logical-partition:userdata",
                "resize-logical-partition:userdata:4096", "update-super:super", "snapshot-update:cancel", "gsi:wipe",
                "fetch:vendor_boot_a"]  # fmt: skip
    commands += [f"{verb}:{name}" for name in model.partitions for verb in ("flash", "erase")]
    for command in commands:
        answer = ask(model, command)
        assert answer.startswith("FAIL"), command
        assert len(answer) > 4, command
    assert before == {name: partition.sha256() for name, partition in model.partitions.items()}
    assert not model.current_slot or model.current_slot == "a"


@pytest.mark.parametrize(
    ("command", "case"),
    [
        (b"download:00000000", ""), (b"download:1", "eight-digits"), (b"download:-1", ""), (b"download:-01000000", ""),
        (b"download:-0100000", ""), (b"download:", ""), (b"download:0x000010", ""), (b"download:0x1", "eight-digits"),
        (b"download:01000000\0999", "nul"), (b"download:01000000\0dkjfvijafdaiuybgidabgybr", "nul"),
        (b"download:2PPPPPPPPPPPPPPPPPPPPPPPPPPPPPP", ""), (b"download:1_000", ""), (b"download: 0001000", ""),
        ("download:\u0661\u0660\u0660\u0660".encode(), ""),
    ],
)  # fmt: skip
def test_a_malformed_download_is_refused(model: FastbootModel, command: bytes, case: str) -> None:
    if case and excepted(model, case):
        pytest.skip(EXCEPTIONS[model.profile.name, case])
    if command.startswith(b"download:0x") and not model.profile.eight_digits:
        return  # strtoul reads it
    assert ask(model, command).startswith("FAIL")
    assert not model.expected
    assert value(model, "product")


def test_more_than_was_announced_is_refused(model: FastbootModel) -> None:
    assert ask(model, "download:0000000a").startswith("DATA")
    assert ask(model, b"F" * 1000).startswith("FAIL")
    assert value(model, "product")


def test_a_reset_ends_a_download(model: FastbootModel) -> None:
    assert ask(model, "download:00000005").startswith("DATA")
    list(model.receive(b"aosp"))
    model.reset()
    assert value(model, "product")


VERBS = ("boot", "continue", "download", "erase", "fetch", "flash", "getvar", "reboot", "set_active", "upload")


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_without_its_argument_is_refused(model: FastbootModel, verb: str) -> None:
    if not excepted(model, f"no-argument:{verb}"):
        assert ask(model, verb).startswith("FAIL")
        assert ask(model, f"{verb}:").startswith("FAIL")
    noise = random.Random(verb).choices([b for b in range(1, 256) if not 0x20 <= b < 0x7F], k=10)
    assert ask(model, bytes(noise) + verb.encode()).startswith("FAIL")
    assert value(model, "product")


@pytest.mark.parametrize("verb", ["", *VERBS])
@pytest.mark.parametrize("size", [257, 10_000])
def test_a_command_that_is_too_long_is_refused(model: FastbootModel, verb: str, size: int) -> None:
    legal = "".join(random.Random(size).choices(string.ascii_letters, k=size))
    noise = bytes(random.Random(size).choices(range(1, 256), k=size))
    assert ask(model, f"{verb}:{legal}").startswith("FAIL")
    assert ask(model, verb.encode() + b":" + noise).startswith("FAIL")
    assert not model.expected
    assert value(model, "product")


def chunk(kind: int, blocks: int, data: bytes = b"", total: int | None = None) -> bytes:
    return struct.pack("<HHII", kind, 0, blocks, 12 + len(data) if total is None else total) + data


def sparse(chunks: list[bytes], blocks: int, size: int = 4096, *, major: int = 1, count: int | None = None) -> bytes:
    number = len(chunks) if count is None else count
    return struct.pack("<IHHHHIIII", 0xED26FF3A, major, 0, 28, 12, size, blocks, number, 0) + b"".join(chunks)


def broken() -> Iterator[tuple[str, bytes]]:
    raw = chunk(0xCAC1, 1, b"x" * 4096)
    yield "zero-block-size", sparse([chunk(0xCAC1, 1, b"x" * 4096)], 1, 0)
    yield "zero-length", sparse([], 10)
    yield "trimmed", sparse([raw], 1)[:-20]
    yield "invalid-chunk", sparse([chunk(0xCAC9, 1, b"x" * 4096)], 1)
    yield "too-many-chunks", sparse([raw], 1, count=7)
    yield "wrong-version", sparse([raw], 1, major=0xFF)
    yield "chunk-without-end", sparse([chunk(0xCAC1, 1, b"x" * 4096, total=0)], 1)
    yield "beyond-the-partition", sparse([chunk(0xCAC2, 1 << 30, b"\0\0\0\0")], 1)


@pytest.mark.parametrize("case", [name for name, _ in broken()])
def test_a_broken_sparse_image_is_refused(model: FastbootModel, case: str) -> None:
    image = dict(broken())[case]
    assert ask(model, f"download:{len(image):08x}").startswith("DATA")
    assert ask(model, image) == "OKAY"
    assert ask(model, "flash:userdata").startswith("FAIL")
    assert value(model, "product")


@pytest.mark.parametrize("size", [4, 512, 4096, 65536])
def test_any_multiple_of_four_is_a_block(model: FastbootModel, size: int) -> None:
    content = random.Random(size).randbytes(size)
    image = sparse([chunk(0xCAC3, 2), chunk(0xCAC1, 1, content), chunk(0xCAC2, 1, b"\xef\xbe\xad\xde")], 4, size)
    list(model.receive(b"download:%08x" % len(image)))
    assert ask(model, image) == "OKAY"
    assert ask(model, "flash:userdata").startswith("OKAY")
    assert model.partitions["userdata"].read(2 * size, size) == content


def test_what_is_larger_than_its_partition_is_refused(model: FastbootModel) -> None:
    for size, word in ((2 * MIB, "OKAY"), (2 * MIB + 1, "FAIL")):
        list(model.receive(b"download:%08x" % size))
        assert ask(model, b"x" * size) == "OKAY"
        assert ask(model, "flash:userdata").startswith(word)


def test_what_is_erased_reads_as_zeros(model: FastbootModel) -> None:
    model.partitions["userdata"].write(0, b"secret")
    assert ask(model, "erase:userdata").startswith("OKAY")
    assert model.partitions["userdata"].read(0, 6) == bytes(6)


@pytest.mark.parametrize(
    "command",
    [
        "oem read-partition userdata:zz", "oem read-partition nope", "fetch:userdata:zz:1", "fetch:userdata:0:1:2",
        "fetch:userdata:-1", "fetch:userdata:0x300000", "fetch:nope", "create-logical-partition:x:abc",
        "create-logical-partition:x", "create-logical-partition:x:-1", "create-logical-partition:x:1_0",
        "resize-logical-partition:userdata:zz", "resize-logical-partition:nope:4096", "update-super:nope",
        "snapshot-update:nonsense", "gsi:nonsense", "oem off-mode-charge 7", "oem", "flashing",
    ],
)  # fmt: skip
def test_nonsense_is_refused_in_words(model: FastbootModel, command: str) -> None:
    answer = ask(model, command)
    assert answer.startswith("FAIL")
    assert len(answer) > 4


def test_logical_partitions_are_made_grown_and_removed() -> None:
    partitions = {"super": Partition(8 * MIB), "userdata": Partition(MIB)}
    model = FastbootModel(PROFILES["fastbootd"], partitions, "ABC123")
    assert ask(model, f"create-logical-partition:test_lp:{2 * MIB}").startswith("OKAY")
    assert value(model, "is-logical:test_lp") == "yes"
    assert value(model, "is-logical:userdata") == "no"
    assert ask(model, f"resize-logical-partition:test_lp:{9 * MIB}") == "FAILNot enough space to resize partition"
    assert ask(model, f"resize-logical-partition:test_lp:{4 * MIB}").startswith("OKAY")
    assert int(value(model, "partition-size:test_lp"), 16) == 4 * MIB
    assert ask(model, "delete-logical-partition:test_lp").startswith("OKAY")
    assert ask(model, "getvar:is-logical:test_lp") == "FAILPartition not found"
