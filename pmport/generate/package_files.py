"""A record as postmarketOS' device package: the files of ``device-<codename>/``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from pmport.generate.deviceinfo_text import deviceinfo
from pmport.generate.shell_text import quoted

if TYPE_CHECKING:
    from pmport.device_db import Device, KernelVariant, Question

__all__ = ["apkbuild", "device_package", "opening"]

TOUCH_RULES = "90-touchscreen.rules"
"""The udev rule that calibrates the touch screen."""
MATRIX = 6
"""Numbers of a touch screen's matrix; what has another number of words is the name of a file."""
ALL_FIRMWARE = "linux-firmware"
"""All firmware there is; the distribution's CI takes the name for a kernel's."""
BY_METHOD = {"legacy_uboot": "u-boot-tools", "uboot_fit": "u-boot-tools"}
"""What makes which boot files."""


def device_package(device: Device, questions: Iterable[Question] = (), *, maintainer: str = "") -> dict[str, str]:
    """The files of a device package.

    Args:
        device: The record.
        questions: What is still open; goes into the deviceinfo as comments.
        maintainer: Who looks after the package: ``"Name <mail address>"``. The distribution takes no new package without.

    Returns:
        Path below the package's folder → text: ``deviceinfo``, ``APKBUILD`` with checksums, ``modules-initfs``, and, where
        the record knows what goes into them, ``kernel-cmdline.conf``, both for each kernel variant, and the udev rule of
        the touch screen.
    """
    files = {"deviceinfo": deviceinfo(device, questions), "modules-initfs": _modules(device.package.modules_initfs)}
    if device.package.cmdline:
        files["kernel-cmdline.conf"] = _lines(device.package.cmdline)
    for name, variant in device.variants.items():
        suffix = name.replace("-", "_")
        if variant.modules_initfs:
            files[f"modules-initfs.{suffix}"] = _modules(variant.modules_initfs)
        if variant.cmdline:
            files[f"kernel-cmdline.{suffix}.conf"] = _lines(variant.cmdline)
    if len(device.display.touchscreen_calibration.split()) == MATRIX:
        files[TOUCH_RULES] = _touch_rules(device)
    return {"APKBUILD": apkbuild(device, files, maintainer), **files}


def _lines(items: Iterable[str]) -> str:
    return "".join(f"{item}\n" for item in items)


def _modules(modules: Iterable[str]) -> str:
    head = "# Kernel modules that the initramfs needs, one per line: storage, display, touch, USB gadget\n"
    return head + _lines(modules)


def _touch_rules(device: Device) -> str:
    """Weston reads the matrix, in pixels, from this property of the input device."""
    matrix = device.display.touchscreen_calibration
    return f'SUBSYSTEM=="input", ENV{{ID_INPUT_TOUCHSCREEN}}=="1", ENV{{WL_CALIBRATION}}="{matrix}"\n'


def _package_name(dependency: str) -> str:
    """A dependency without its version: ``firmware-a>=9`` → ``firmware-a``."""
    return re.split(r"[<>=~]", dependency, maxsplit=1)[0]


def depends(device: Device) -> tuple[str, ...]:
    """Packages that the device package depends on.

    Args:
        device: The record.

    Returns:
        Their names, sorted.
    """
    always = {_package_name(name) for name in device.package.depends}
    firmware = {name for name in device.package.firmware if _package_name(name) not in {*always, ALL_FIRMWARE}}
    needed = {"postmarketos-base", *device.package.depends, *firmware}
    if not any(variant.kernels for variant in device.variants.values()):
        needed |= set(device.kernels or (f"linux-{device.codename}",))
    boot = device.boot
    if boot.generate:
        needed.add("pxa-mkbootimg" if boot.pxa else "mkbootimg")
    if boot.qcdt_type in {"exynos", "sprd"}:
        needed.add(f"dtbtool-{boot.qcdt_type}")
    if boot.qcdt_type == "qcom":
        needed.add("dtbtool")
    if boot.mtk_label_kernel or boot.mtk_label_ramdisk:
        needed.add("mtk-mkimage")
    if device.chromebook.depthcharge_image:
        needed.add("depthcharge-tools")
    needed |= {package for name, package in BY_METHOD.items() if getattr(device.boot_files, name)}
    return tuple(sorted(needed))


def apkbuild(device: Device, files: Mapping[str, str], maintainer: str = "") -> str:
    """The APKBUILD.

    Args:
        device: The record.
        files: Its sources: name → text.
        maintainer: Who looks after the package.

    Returns:
        The text of the file, with the checksums of the sources.
    """
    variants = {name: variant for name, variant in device.variants.items() if variant.kernels}
    subpackages = [_subpackage(name) for name in variants]
    blocks = [
        *opening(device, maintainer),
        "# Reference: <https://postmarketos.org/devicepkg>",
        f'maintainer="{quoted(maintainer)}"',
        f"pkgname=device-{device.codename}",
        f'pkgdesc="{quoted(device.name or device.codename)}"',
        "pkgver=1",
        "pkgrel=0",
        'url="https://postmarketos.org"',
        'license="MIT"',
        f'arch="{device.arch}"',
        'options="!check !archcheck"',
        _list("depends", depends(device)),
        'makedepends="devicepkg-dev"',
        *([_list("subpackages", subpackages)] if subpackages else []),
        _list("source", files),
        "",
        "build() {\n\tdevicepkg_build $startdir $pkgname\n}\n",
        f"package() {{\n\tdevicepkg_package $startdir $pkgname\n{_install(files)}}}\n",
        *(_variant(name, variant) for name, variant in variants.items()),
        _list("sha512sums", (f"{_sha512(text)}  {name}" for name, text in files.items()), indent=""),
    ]
    return "\n".join(blocks) + "\n"


def opening(device: Device, maintainer: str) -> Iterator[str]:
    """The comments that an APKBUILD begins with: why it is archived, and what has to be filled in before it is sent.

    Args:
        device: The record.
        maintainer: Who looks after the package; "" where nobody was named.

    Yields:
        Lines.
    """
    if device.package.archived:
        yield f"# Archived: {device.package.archived}"
    if not maintainer:
        yield '# To fill in: maintainer="Your Name <your address>"'
    if ALL_FIRMWARE in device.package.firmware:
        yield f"# To fill in: the parts of {ALL_FIRMWARE} that it needs, in depends: {ALL_FIRMWARE}-qcom, …"
    if not device.arch:
        yield "# To fill in: arch, which the image did not tell (aarch64, armv7, armhf, x86_64, …)"


def _install(files: Mapping[str, str]) -> str:
    if TOUCH_RULES not in files:
        return ""
    return f'\tinstall -Dm644 "$srcdir"/{TOUCH_RULES} \\\n\t\t-t "$pkgdir"/usr/lib/udev/rules.d\n'


def _sha512(text: str) -> str:
    return hashlib.sha512(text.encode("utf-8", "surrogateescape")).hexdigest()


def _list(name: str, items: Iterable[str], indent: str = "\t") -> str:
    return f'{name}="\n' + "".join(f"{indent}{item}\n" for item in items) + '"'


def _function(name: str) -> str:
    return f"kernel_{name.replace('-', '_')}"


def _subpackage(name: str) -> str:
    return f"$pkgname-kernel-{name}:{_function(name)}"


def _variant(name: str, variant: KernelVariant) -> str:
    lines: Iterator[str] = iter(
        [
            f"{_function(name)}() {{",
            f'\tpkgdesc="{quoted(variant.description or name)}"',
            f'\tdepends="{" ".join(variant.kernels)}"',
            "\tdevicepkg_subpackage_kernel $startdir $pkgname $subpkgname",
            "}\n",
        ]
    )
    return "\n".join(lines)
