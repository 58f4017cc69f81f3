from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmport.errors import FormatError
from pmport.wire import mk2, nolo, nolo_image, omap_rom
from pmport.wire.nolo import Control, RdFlag, RootDevice, Setting

SETUPS = [
    (nolo.STATUS, "c0 01 00 00 00 00 04 00"),
    (nolo.VERSION, "c0 03 00 00 00 00 04 00"),
    (nolo.IDENTIFY, "c0 04 00 00 00 00 00 02"),
    (nolo.ERROR_LOG, "c0 05 00 00 00 00 00 08"),
    (nolo.put(Setting.RD_MODE, 1), "40 10 01 00 00 00 00 00"),
    (nolo.put(Setting.ROOT_DEVICE, RootDevice.MMC), "40 10 01 00 01 00 00 00"),
    (nolo.put(Setting.USB_HOST_MODE, 1), "40 10 01 00 02 00 00 00"),
    (nolo.get(Setting.RD_MODE), "c0 11 00 00 00 00 01 00"),
    (nolo.get(Setting.ROOT_DEVICE), "c0 11 00 00 01 00 01 00"),
    (nolo.get(Setting.USB_HOST_MODE), "c0 11 00 00 02 00 04 00"),
    (nolo.get(Setting.RD_FLAGS), "c0 11 00 00 03 00 02 00"),
    (nolo.select_string("version:kernel"), "40 12 00 00 00 00 0e 00"),
    (nolo.GET_STRING, "c0 14 00 00 00 00 ff 01"),
    (nolo.send_image(bytes(27)), "40 42 00 00 00 00 1b 00"),
    (nolo.flash_image("kernel"), "40 50 00 00 03 00 00 00"),
    (nolo.send_image(bytes(27), stream=True), "40 54 00 00 00 00 1b 00"),
    (nolo.FINISH, "40 52 00 00 00 00 00 00"),
    (nolo.boot(), "40 82 00 00 00 00 00 00"),
    (nolo.boot(update=True), "40 82 01 00 00 00 00 00"),
    (nolo.REBOOT, "40 83 00 00 00 00 00 00"),
]


@pytest.mark.parametrize(("control", "expected"), SETUPS)
def test_setup_packets_have_the_bytes_of_the_vectors(control: Control, expected: str) -> None:
    setup = bytes.fromhex(expected)
    assert control.setup() == setup
    assert Control.parse(setup, control.data) == control


def test_flags_are_added_and_the_others_deleted() -> None:
    add, delete = nolo.put_flags(RdFlag.NO_OMAP_WD | RdFlag.NO_EXT_WD)
    assert add.setup() == bytes.fromhex("40 10 06 00 03 00 00 00")
    assert delete.setup() == bytes.fromhex("40 10 f8 01 04 00 00 00")
    assert nolo.parse_flags("no-omap-wd,no-ext-wd,") == RdFlag.NO_OMAP_WD | RdFlag.NO_EXT_WD
    assert sum(RdFlag) == nolo.ALL_FLAGS


@pytest.mark.parametrize("name", ["no-omap-w", "no-omap-wdx", "serial"])
def test_a_flag_that_is_nearly_right_is_refused(name: str) -> None:
    with pytest.raises(FormatError, match="no R&D flag"):
        nolo.parse_flags(f"{name},no-ext-wd")


def test_boot_with_a_command_line_ends_in_nul_unless_it_updates() -> None:
    assert nolo.boot(b"quiet").data == b"quiet\0"
    assert nolo.boot(b"quiet", update=True).data == b"quiet"


def test_versions_and_releases() -> None:
    assert [nolo.version_text(word) for word in (0x00140E00, 0x00140E01)] == ["1.4.14", "1.4.14"]
    with pytest.raises(FormatError):
        nolo.version_text(0x00140E02)
    assert nolo.sw_release("SW1").hex(" ") == "e8 0e 4f 53 53 4f 20 55 41 52 54 2b 55 53 42 00 31 04 53 57 31 00"


def test_identity() -> None:
    values = {"prod_code": "RX-51", "hw_rev": "2101"}
    assert nolo.identity(nolo.identity_bytes(values)) == values
    assert nolo.product_of("Nokia N900 (Update mode)") == "RX-51"
    assert nolo.product_of("Gadget Serial") is None


def test_image_header_and_hash() -> None:
    expected = "2e190101001234" + b"kernel".ljust(12, b"\0").hex() + "0020000000000000"
    assert nolo_image.header("kernel", 0x200000, 0x1234).hex() == expected
    assert nolo_image.parse_header(bytes.fromhex(expected)) == ("kernel", 0x200000, 0x1234)
    hashes = [nolo_image.image_hash(data) for data in (b"abc", bytes(range(128)), bytes(range(131)))]
    assert hashes == [0x9D02, 0x0000, 0x7E02]
    with pytest.raises(FormatError):
        nolo_image.header("zImage", 1, 1)
    with pytest.raises(FormatError):
        nolo_image.parse_header(b"\x2e\x19")


@given(st.binary(max_size=600), st.sampled_from(["kernel", "mmc"]))
def test_the_hash_is_the_exclusive_or_of_all_words(data: bytes, kind: str) -> None:
    padded = data.ljust(nolo_image.padded_size(len(data), kind), b"\xff")
    words = (padded[i] | padded[i + 1] << 8 for i in range(0, len(padded), 2))
    assert nolo_image.image_hash(data, kind) == reduce(int.__xor__, words, 0)


@pytest.mark.parametrize(
    ("offset", "sign", "kind"),
    [
        (52, b"2NDAPE", "2nd"),
        (4, b"NOLOScnd", "secondary"),
        (20, b"X-LOADER", "xloader"),
        (36, bytes.fromhex("18286f01"), "kernel"),
        (1, bytes.fromhex("0000ea"), "kernel"),
        (510, bytes.fromhex("55aa"), "mmc"),
        (0, bytes.fromhex("8519"), "initfs"),
        (100, b"nothing", None),
    ],
)
def test_images_are_recognised_by_content(offset: int, sign: bytes, kind: str | None) -> None:
    assert nolo_image.detect((bytes(offset) + sign).ljust(512, b"\0")) == kind
    assert nolo_image.detect(b"\x85\x19", 16 << 20) == "rootfs"


def test_cold_flashing_messages() -> None:
    assert omap_rom.code(omap_rom.BootCode.PERIPHERAL).hex(" ") == "02 00 03 f0"
    assert omap_rom.code(omap_rom.BootCode.MEMORY).hex(" ") == "00 00 00 00"
    assert bytes(omap_rom.ping()).hex(" ") == "6e 32 01 63 00 00 00 00 00 00 00 00 94 9b 49 3b"
    data = b"TESTTESTTESTTEST"
    message = omap_rom.send_secondary(16, omap_rom.checksum([data[:5], data[5:]]))
    assert bytes(message).hex(" ") == "6e 32 02 63 10 00 00 00 4f f3 ca dd f3 05 47 11"
    assert omap_rom.Message.parse(bytes(message)) == message
    with pytest.raises(FormatError, match="checksum"):
        omap_rom.Message.parse(bytes(message)[:-1] + b"\0")


def test_asic_id() -> None:
    blocks = ("05", "01050134300757", "13020100", "121501" + "aa" * 20, "141501" + "bb" * 20, "150901" + "cc" * 8)
    raw = bytes.fromhex("".join(blocks))
    assert len(raw) == omap_rom.ASIC_ID_SIZE
    found = omap_rom.AsicId.parse(raw)
    assert (found.chip, found.revision) == ("OMAP3430", 0x57)
    assert (found.device_id, found.root_key_hash) == (b"\xaa" * 20, b"\xbb" * 20)
    assert omap_rom.AsicId.parse(bytes(found)) == found
    with pytest.raises(FormatError):
        omap_rom.AsicId.parse(raw[:-1])


def test_mk2_messages() -> None:
    assert bytes(mk2.Message(0, mk2.Kind.PING)).hex(" ") == "1b 00 10 88 00 04 00 00 00 00"
    asked = mk2.Message(1, mk2.Kind.GET, mk2.QUESTIONS[0].encode())
    assert bytes(asked)[:10].hex(" ") == "1b 00 10 88 00 1c 00 00 01 01"
    answer = mk2.Message.parse(bytes.fromhex("1b1000880006000001210032"))
    assert answer == mk2.Message(1, mk2.Kind.GET | mk2.REPLY, b"\x002", mk2.FROM_DEVICE)
    assert bytes(mk2.Message(9, mk2.Kind.REBOOT, b"reboot\0")).hex() == "1b001088000b0000090c7265626f6f7400"
    for broken in (b"", bytes(10), bytes(answer) + b"x"):
        with pytest.raises(FormatError):
            mk2.Message.parse(broken)
