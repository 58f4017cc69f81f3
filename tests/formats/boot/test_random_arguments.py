"""The same bytes as AOSP's mkbootimg for a thousand random sets of arguments, and its own tests of what it makes."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest

from pmport.formats.boot.image import BootImage
from pmport.formats.boot.vendor_image import Fragment, VendorBoot

pytestmark = [
    pytest.mark.online,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # mkbootimg leaves files open
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
OFFSETS = {"kernel": 0x8000, "ramdisk": 0x1000000, "second": 0xF00000, "tags": 0x100, "dtb": 0x1F00000}
TYPES = {"none": 0, "platform": 1, "recovery": 2, "dlkm": 3}
ROUNDS = 1000
Made = Callable[[dict[str, Any]], bytes]


@pytest.fixture(scope="module")
def mkbootimg(aosp_source: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """mkbootimg in this process: options as its command line has them; bytes stand for files."""
    folder = next(aosp_source.rglob("system/tools/mkbootimg"))
    sys.path.insert(0, str(folder))
    try:
        module = loaded(folder / "mkbootimg.py")
    finally:
        sys.path.remove(str(folder))
    work = tmp_path_factory.mktemp("mkbootimg")

    def made(options: dict[str, Any]) -> bytes:
        output = work / "made.img"
        key = "--vendor_boot" if options.pop("vendor", False) else "--output"
        words = [key, str(output)]
        fragments = options.pop("Fragments", [])
        for name, value in options.items():
            words += [f"--{name}", as_argument(work / name, value)]
        for number, fragment in enumerate(fragments):
            words += ["--ramdisk_type", next(word for word, code in TYPES.items() if code == fragment.type)]
            words += ["--ramdisk_name", fragment.name]
            words += [word for at, value in enumerate(fragment.board_id) for word in (f"--board_id{at}", str(value))]
            words += ["--vendor_ramdisk_fragment", as_argument(work / f"Fragment{number}", fragment.data)]
        arguments = sys.argv
        sys.argv = ["mkbootimg", *words]
        try:
            module.main()
        finally:
            sys.argv = arguments
        return output.read_bytes()

    return made


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def as_argument(path: Path, value: object) -> str:
    if isinstance(value, bytes):
        path.write_bytes(value)
        return str(path)
    return str(value)


def text(random: Random, most: int) -> str:
    """Text of up to so many bytes, not all of it ASCII."""
    drawn = "".join(random.choice("abcdefgh=.,0123456789 äß") for _ in range(random.randrange(most + 1)))
    return drawn.encode()[:most].decode("utf-8", "ignore")


def data(random: Random, least: int = 0) -> bytes:
    return random.randbytes(random.choice([least, least + 1, 4095, 4096, 4097, random.randrange(least, 20000)]))


def boot_options(random: Random) -> dict[str, Any]:
    version = random.randrange(5)
    options: dict[str, Any] = {"header_version": version, "kernel": data(random, 1), "ramdisk": data(random)}
    if random.randrange(2):
        options["cmdline"] = text(random, 1534)
    if random.randrange(2):
        options["os_version"] = ".".join(str(random.randrange(128)) for _ in range(random.randrange(1, 4)))
    if random.randrange(2):
        options["os_patch_level"] = f"{random.randrange(2000, 2127)}-{random.randrange(1, 13):02}"
    if version < 3:
        options["pagesize"] = random.choice([2048, 4096, 8192, 16384])
        options["base"] = random.choice([0x10000000, 0x80000000, 0, 0x40078000])
        options |= {
            f"{name}_offset": random.randrange(1 << 26)
            for name in OFFSETS
            if random.randrange(2) and (name != "dtb" or version == 2)
        }
        options |= {"second": data(random, 1)} if random.randrange(2) else {}
        options |= {"board": text(random, 15)} if random.randrange(2) else {}
    if version in {1, 2} and random.randrange(2):
        options["recovery_dtbo"] = data(random, 1)
    if version == 2:
        options["dtb"] = data(random, 1)
    return options


def boot_of(options: dict[str, Any]) -> BootImage:
    values = dict(options)
    base = values.pop("base", 0x10000000)
    arguments: dict[str, Any] = {}
    for name, offset in OFFSETS.items():
        address = base + values.pop(f"{name}_offset", offset)
        if name in {"kernel", "tags", "dtb"} or values.get(name):
            arguments[f"{name}_addr"] = address
    renamed = {"board": "name", "pagesize": "page_size"}
    return BootImage.build(**arguments, **{renamed.get(name, name): value for name, value in values.items()})


def test_boot_images_of_random_arguments_are_the_same(mkbootimg: Made) -> None:
    for seed in range(ROUNDS):
        options = boot_options(Random(seed))
        assert bytes(boot_of(options)) == mkbootimg(dict(options)), seed


def vendor_options(random: Random) -> dict[str, Any]:
    version = random.choice([3, 4])
    options: dict[str, Any] = {
        "header_version": version,
        "pagesize": random.choice([2048, 4096, 8192, 16384]),
        "base": random.choice([0x10000000, 0x80000000, 0]),
        "dtb": data(random, 1),
        "vendor_cmdline": text(random, 2047),
        "board": text(random, 15),
    }
    options |= {
        f"{name}_offset": random.randrange(1 << 26) for name in OFFSETS if name != "second" and random.randrange(2)
    }
    if version == 3 or not random.randrange(3):
        options["vendor_ramdisk"] = data(random)
    else:
        options["Fragments"] = [
            Fragment(
                f"{number}{text(random, 30)}",
                data(random, 1),
                random.choice(list(TYPES.values())),
                tuple(random.choice([0, random.getrandbits(32)]) for _ in range(16)),
            )
            for number in range(random.randrange(1, 4))
        ]
    if version == 4 and random.randrange(2):
        options["vendor_bootconfig"] = data(random, 1)
    return options


def vendor_of(options: dict[str, Any]) -> VendorBoot:
    base = options["base"]
    addresses: dict[str, Any] = {
        f"{name}_addr": base + options.get(f"{name}_offset", offset)
        for name, offset in OFFSETS.items()
        if name != "second"
    }
    return VendorBoot.build(
        options["Fragments"] if "Fragments" in options else options["vendor_ramdisk"],
        options["dtb"],
        header_version=options["header_version"],
        page_size=options["pagesize"],
        name=options["board"],
        cmdline=options["vendor_cmdline"],
        bootconfig=options.get("vendor_bootconfig", b""),
        **addresses,
    )


def test_vendor_boot_images_of_random_arguments_are_the_same(mkbootimg: Made) -> None:
    for seed in range(ROUNDS):
        options = vendor_options(Random(seed))
        assert bytes(vendor_of(options)) == mkbootimg({"vendor": True, **options}), seed
