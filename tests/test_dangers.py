"""What is dangerous needs its word, whoever made the plan; what every port does needs none."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

import pmport
from pmport import device_db, flashers, generate
from pmport.dangers import COMMANDS, DANGERS, HARMLESS_ERASES, PARTITIONS, CommandRule, danger_of
from pmport.device_db import Device, Flash
from pmport.errors import PlanError, RefusedError
from pmport.formats.packages.fiasco import Fiasco, FiascoImage
from pmport.formats.packages.tar import TarArchive
from pmport.formats.reports.getvars import GetVars
from pmport.formats.storage.pit import Pit, PitEntry
from pmport.generate.plans.images import ROLES
from pmport.plan import FlashPlan, PlannedFile, Step, Verb
from pmport.section import Section
from pmport.virtual import FastbootPhone, LokePhone, NoloPhone, Partition, PyusbBackend

FASTBOOT = Device("acme-argon", flash=Flash(method="fastboot"))
DATA = b"ANDROID! and more"
FILE = PlannedFile.of("image", Section.of(DATA))
ISSUE = [
    "persist",
    "modemst1",
    "fsg",
    "nvram",
    "frp",
    "efs",
    "bl1",
    "tzsw",
    "gpt_main0",
    "devinfo",
    "keymaster64_a",
    "xbl",
    "EFS",
    "MODEM",
    "RADIO",
    "radio",
    "modem",
    "partition",
    "partition:0",
    "PIT",
    "aboot",
    "tz",
    "lk",
    "preloader",
    "l_fixnv1",
    "proinfo",
]


def names() -> Iterator[tuple[str, str]]:
    """Every name of the table with its danger; a pattern stands with something in place of each star."""
    for rule in PARTITIONS:
        if rule.method == "*":
            for name in rule.names:
                yield name.replace("*", "1" if rule.exact else "_x"), rule.danger
                if not rule.exact:
                    yield name.replace("*", ""), rule.danger


NAMES = sorted(set(names()))


def flash(name: str, danger: str = "") -> Step:
    return Step(Verb.FLASH, name, FILE, danger=danger)


def refused(make: object, danger: str) -> None:
    """The maker refuses without the word, with other words, and goes on with it."""
    assert callable(make)
    others = tuple(word for word in DANGERS if word != danger)
    for allow in ((), others):
        with pytest.raises(RefusedError) as caught:
            make(allow)
        assert caught.value.danger == danger
        assert f"allow=({danger!r},)" in str(caught.value)
    assert make((danger,)).steps


# ----- the table


@pytest.mark.parametrize(("name", "danger"), NAMES)
def test_each_row_counts_in_every_spelling(name: str, danger: str) -> None:
    assert danger_of("fastboot", "flash", name) == danger
    assert danger_of("heimdall-bootimg", "flash", name.upper()) == danger


@pytest.mark.parametrize("name", sorted({name for rule in PARTITIONS if not rule.exact and rule.method == "*" for name in rule.names if "*" not in name}))  # fmt: skip
def test_slots_copies_and_places_are_seen_through(name: str) -> None:
    danger = danger_of("fastboot", "flash", name)
    spellings = (f"{name}_a", f"{name}_b", f"{name}bak", f"{name}_backup", f"{name}2", f"{name}_2_b", f"0:{name}", f"0#{name}", f"/dev/block/by-name/{name}_a", f"{name}:1", f" {name} ")  # fmt: skip
    assert all(danger_of("fastboot", "flash", spelling) for spelling in spellings), (name, danger)
    assert danger_of("fastboot", "erase", f"{name}_a") in {danger, "erase"}
    assert danger_of("fastboot", "erase", name)


@pytest.mark.parametrize("rule", COMMANDS, ids=lambda rule: rule.example)
def test_each_row_of_the_commands_counts(rule: CommandRule) -> None:
    assert danger_of("fastboot", "command", rule.example) == rule.danger
    assert danger_of("fastboot", "command", rule.example.upper()) == rule.danger
    step = Step(Verb.COMMAND, argument=rule.example)
    if rule.danger:
        refused(lambda allow: FlashPlan("fastboot", (step,), allow=allow), rule.danger)
    else:
        assert FlashPlan("fastboot", (step,)).steps


@pytest.mark.parametrize(
    ("command", "danger"),
    [
        ("flashing lock", "lock"), ("flashing lock_critical", "lock"), ("oem lock", "lock"), ("oem relock", "lock"),
        ("flashing unlock", "unlock"), ("oem unlock-go", "unlock"), ("oem unlock ABCDEF", "unlock"),
        ("flash:xbl_a", "bootloader"), ("erase:modemst1", "erase"), ("erase:xbl", "bootloader"), ("erase:misc", "erase"),
        ("oem  LOCK", "lock"), ("update-super:super:wipe", "wipe"), ("update-super:super", ""), ("erase:userdata", ""),
        ("oem off-mode-charge 1", ""), ("oem select-display-panel x", ""), ("set_active:a", ""), ("oem blockmap", ""),
        ("flash:boot", ""), ("snapshot-update:cancel", ""), ("reboot-fastboot", ""),
    ],
)  # fmt: skip
def test_commands_are_judged_by_what_they_do(command: str, danger: str) -> None:
    assert danger_of("fastboot", "command", command) == danger


@pytest.mark.parametrize("name", ISSUE)
def test_what_must_never_be_written_unasked(name: str) -> None:
    assert danger_of("fastboot", "flash", name)
    assert danger_of("heimdall", "flash", name)


@pytest.mark.parametrize(("name", "danger"), [("EFS", "identity"), ("MODEM", "bootloader"), ("RADIO", "bootloader"), ("modem_b", "bootloader")])  # fmt: skip
def test_efs_modem_and_radio_are_in_the_table(name: str, danger: str) -> None:
    assert danger_of("heimdall", "flash", name) == danger


@pytest.mark.parametrize(
    "name",
    [
        "boot", "boot_a", "recovery", "dtbo_b", "vbmeta", "vbmeta_system", "vendor_boot:default", "vendor_boot_a:modem",
        "init_boot", "system", "super", "userdata", "cache", "misc", "KERNEL", "BOOT", "HIDDEN", "lk2nd", "mmcsda1", "0:3",
        "0#3", "0.0:1", "pvmfw", "logo", "splash", "dsp", "bluetooth", "metadata", "KERN-A",
    ],
)  # fmt: skip
def test_what_ports_write_needs_no_word(name: str) -> None:
    assert danger_of("fastboot", "flash", name) == ""


@pytest.mark.parametrize("name", sorted(HARMLESS_ERASES))
def test_what_holds_only_software_may_be_erased(name: str) -> None:
    for spelling in (name, f"{name}_a", name.upper()):
        assert danger_of("fastboot", "erase", spelling) == ""
    assert danger_of("fastboot", "erase", f"{name}_backup") == "erase"


def test_no_record_names_a_dangerous_partition() -> None:
    """Every partition that every record writes its roles to: what ports do needs no word."""
    dangerous = {
        (device.codename, method, partition)
        for device in map(device_db.load, device_db.codenames())
        for method, roles in device.flash.partitions.items()
        for role, partition in roles.items()
        if role in ROLES.values() and danger_of(method, "flash", partition)
    }
    assert dangerous == set()


@pytest.mark.parametrize("danger", DANGERS)
def test_each_danger_is_reached_and_says_why(danger: str) -> None:
    assert danger in {rule.danger for rule in PARTITIONS} | {rule.danger for rule in COMMANDS} | {"erase"}
    with pytest.raises(RefusedError, match=r"^flash boot: it "):
        FlashPlan("fastboot", (flash("boot", danger),))


# ----- every maker


@pytest.mark.parametrize(("name", "danger"), NAMES)
def test_a_plan_made_by_hand_is_refused(name: str, danger: str) -> None:
    refused(lambda allow: FlashPlan("fastboot", (flash(name),), allow=allow), danger)
    refused(lambda allow: FlashPlan("heimdall", (flash(name.upper()),), allow=allow), danger)


@pytest.mark.parametrize(("name", "danger"), NAMES)
def test_a_plan_from_a_record_is_refused(name: str, danger: str) -> None:
    refused(lambda allow: generate.flash_plan(FASTBOOT, {name: DATA}, allow=allow), danger)


def package(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize("name", [name for name in ISSUE if ":" not in name])
def test_a_factory_package_is_refused(name: str) -> None:
    order = f"version 1\nflash {name} image.img\n"
    data = package({"android-info.txt": b"", "fastboot-info.txt": order.encode(), "image.img": DATA})
    with pmport.open(data) as node:
        refused(
            lambda allow: generate.factory_plan(node, GetVars({"product": "argon"}), allow=allow),
            danger_of("fastboot", "flash", name),
        )


@pytest.mark.parametrize("name", ["SBOOT", "EFS", "MODEM", "RADIO", "PARAM", "KEYSTORAGE", "STEADY"])
def test_samsungs_packages_and_names_and_numbers_are_refused(name: str) -> None:
    table = Pit.build(
        [PitEntry("BOOT", "boot.img", 9, block_count=64), PitEntry(name, "piece.bin", 42, block_count=64)]
    )
    danger = danger_of("heimdall", "flash", name)
    archive = TarArchive.build({"piece.bin": DATA})
    refused(lambda allow: generate.package_plan([archive], table, allow), danger)
    refused(lambda allow: generate.samsung_plan({name: DATA}, table, allow), danger)
    refused(lambda allow: generate.samsung_plan({"42": DATA}, table, allow), danger)


def test_a_new_partition_table_is_refused() -> None:
    table = Pit.build([PitEntry("BOOT", "boot.img", 9, block_count=64)])
    archive = TarArchive.build({"new.pit": bytes(table)})
    refused(lambda allow: generate.package_plan([archive], table, allow, repartition=True), "repartition")
    refused(lambda allow: generate.samsung_plan({"PIT": bytes(table)}, table, allow), "repartition")


def test_fiasco_and_nolo_are_refused() -> None:
    scnd = (bytes(4) + b"NOLOScnd").ljust(700, b"s")
    second = (bytes(52) + b"2NDAPE").ljust(700, b"2")
    fiasco = Fiasco.build([FiascoImage(kind, data, "RX-51", ("2101",)) for kind, data in (("secondary", scnd), ("2nd", second))])  # fmt: skip
    refused(lambda allow: generate.plan_fiasco(fiasco, "RX-51", "2101", allow), "bootloader")
    refused(lambda allow: generate.plan_images({"secondary": scnd}, allow=allow), "bootloader")
    refused(
        lambda allow: generate.plan_images({"2nd": second, "secondary": scnd}, cold=True, allow=allow), "cold-flash"
    )
    refused(lambda allow: generate.nokia_plan(device_db.load("nokia-n900"), {"secondary": scnd}, allow), "bootloader")


# ----- every flasher, whatever the plan went through


def smuggled(plan: FlashPlan) -> FlashPlan:
    """A plan that lost its words on the way to the flasher."""
    object.__setattr__(plan, "allow", ())
    return plan


@pytest.mark.parametrize(
    ("method", "phone", "steps"),
    [
        ("fastboot", FastbootPhone("lk", {"xbl": Partition(1 << 20)}), (flash("xbl"),)),
        ("fastboot", FastbootPhone("lk", {"xbl": Partition(1 << 20)}), (Step(Verb.COMMAND, argument="erase:xbl"),)),
        ("heimdall", LokePhone(), (flash("BOOTLOADER"),)),
        ("heimdall", LokePhone(), (flash("PIT"),)),
        ("0xffff", NoloPhone(), (Step(Verb.FLASH, "xloader", PlannedFile.of("x", Section.of(bytes(20) + b"X-LOADER"))),)),
    ],
)  # fmt: skip
def test_a_flasher_refuses_what_was_not_allowed(
    method: str, phone: FastbootPhone | LokePhone | NoloPhone, steps: tuple[Step, ...]
) -> None:
    plan = smuggled(FlashPlan(method, steps, allow=tuple(DANGERS)))
    with flashers.open(method, backend=PyusbBackend([phone])) as flasher, pytest.raises(RefusedError):
        flasher.run(plan)


def test_a_number_is_judged_by_the_phones_own_name() -> None:
    phone = LokePhone()
    plan = FlashPlan("heimdall", (flash("80"), Step(Verb.REBOOT)))
    with flashers.open("heimdall", backend=PyusbBackend([phone])) as flasher:
        flasher.client.settings = replace(flasher.client.settings, settle=0, empty_packet=0.02)
        with pytest.raises(RefusedError, match=r"flash 80 \(BOOTLOADER\)"):
            flasher.run(plan)
    assert not phone.flashed
    assert not any(line.startswith("FILE") for line in phone.log)


# ----- words


def test_a_maker_may_only_add() -> None:
    assert flash("xbl").dangers("fastboot") == ("bootloader",)
    assert flash("xbl", "erase").dangers("fastboot") == ("bootloader", "erase")
    refused(lambda allow: FlashPlan("fastboot", (flash("boot", "lock"),), allow=allow), "lock")
    with pytest.raises(RefusedError):
        FlashPlan("fastboot", (flash("xbl", "erase"),), allow=("erase",))


def test_words_that_are_none_are_told() -> None:
    with pytest.raises(PlanError, match=r"bootlader names no danger.*bootloader"):
        FlashPlan("fastboot", (flash("xbl"),), allow=("bootlader",))
    with pytest.raises(PlanError, match="nonsense names no danger"):
        flash("boot", "nonsense")


def test_the_dry_run_shows_what_was_allowed() -> None:
    assert "bootloader" in str(FlashPlan("fastboot", (flash("xbl"),), allow=("bootloader",)))
    assert "danger" not in str(FlashPlan("fastboot", (flash("boot"),)))
