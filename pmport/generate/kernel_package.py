"""A record as postmarketOS' kernel package: a skeleton, downstream or close to mainline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.generate.package_files import opening
from pmport.generate.shell_text import quoted

if TYPE_CHECKING:
    from pmport.device_db import Device

__all__ = ["kernel_files"]

CARCH = {"aarch64": "arm64", "armv7": "arm", "armhf": "arm", "x86_64": "x86_64", "x86": "i386", "riscv64": "riscv"}
"""Alpine's name of an architecture → the kernel's."""
TOOLS = ("bash", "bison", "findutils", "flex", "linux-headers", "openssl-dev", "perl")
VENDOR_TOOLS = ("bc", "devicepkg-dev")
MAINLINE_TOOLS = ("clang", "elfutils-dev", "lld", "llvm", "pahole", "postmarketos-installkernel", "python3", "zstd")


def kernel_files(
    device: Device,
    *,
    mainline: bool = False,
    version: str = "",
    source: str = "",
    commit: str = "",
    maintainer: str = "",
) -> dict[str, str]:
    """The files of a kernel package.

    Args:
        device: The record.
        mainline: Close to mainline, with Clang; else a vendor's kernel, with GCC.
        version: Kernel version, such as ``"3.10.108"``.
        source: Where the source archive is: a repository such as ``https://github.com/acme/kernel``.
        commit: The commit.
        maintainer: Who looks after the package: ``"Name <mail address>"``.

    Returns:
        Path below ``linux-<codename>/`` → text. What is not given is a question in a comment: the kernel's configuration
        file is the porter's own, and so its checksum is not in it yet.
    """
    config = f"config-{device.codename}.{device.arch or 'ARCH'}"
    tools = (*TOOLS, *(MAINLINE_TOOLS if mainline else VENDOR_TOOLS))
    options = "!strip !check !tracedeps pmb:cross-native" + (" pmb:kconfigcheck-community" if mainline else "")
    variables = [
        *opening(device, maintainer),
        "# Reference: <https://postmarketos.org/vendorkernel>",
        f'maintainer="{quoted(maintainer)}"',
        f"pkgname=linux-{device.codename}",
        f"pkgver={version}" if version else "pkgver=  # not known yet: the version that the kernel's Makefile says",
        "pkgrel=0",
        f'pkgdesc="{quoted(device.name or device.codename)} kernel, {"close to mainline" if mainline else "of the maker"}"',
        f'arch="{device.arch}"',
        f'_carch="{CARCH.get(device.arch, "")}"',
        f'_flavor="{device.codename}"',
        f'url="{source}"' if source else 'url=""  # not known yet: where the source is',
        'license="GPL-2.0-only"',
        f'options="{options}"',
        'makedepends="\n' + "".join(f"\t{tool}\n" for tool in sorted(tools)) + '"',
        f'_commit="{commit}"' if commit else '_commit=""  # not known yet',
        f'_config="{config}"',
        'source="\n\t$pkgname-$_commit.tar.gz::$url/archive/$_commit.tar.gz\n\t$_config\n"',
        'builddir="$srcdir/${url##*/}-$_commit"',
    ]
    if not mainline:
        variables.append('_outdir="out"')
    body = _mainline_body() if mainline else _vendor_body(device)
    return {"APKBUILD": "\n".join(variables) + "\n\n" + body}


def _mainline_body() -> str:
    return (
        'prepare() {\n\tdefault_prepare\n\tcp "$srcdir/$_config" .config\n}\n\n'
        'build() {\n\tunset LDFLAGS\n\tmake ARCH="$_carch" LLVM=1 KBUILD_BUILD_VERSION="$((pkgrel + 1))-postmarketOS"\n}\n\n'
        'package() {\n\tmkdir -p "$pkgdir"/boot\n\tmake zinstall modules_install dtbs_install \\\n\t\tARCH="$_carch" LLVM=1 \\\n'
        '\t\tINSTALL_PATH="$pkgdir"/boot \\\n\t\tINSTALL_MOD_PATH="$pkgdir"/usr \\\n\t\tINSTALL_MOD_STRIP=1 \\\n'
        '\t\tINSTALL_DTBS_PATH="$pkgdir"/boot/dtbs\n\trm -f "$pkgdir"/usr/lib/modules/*/build "$pkgdir"/usr/lib/modules/*/source\n'
        '\tinstall -D include/config/kernel.release \\\n\t\t"$pkgdir/usr/share/kernel/$_flavor/kernel.release"\n}\n'
    )


def _vendor_body(device: Device) -> str:
    lines = [
        "prepare() {\n\tdefault_prepare\n\t. downstreamkernel_prepare\n}\n",
        (
            'build() {\n\tunset LDFLAGS\n\tmake O="$_outdir" ARCH="$_carch" CC="${CC:-gcc}" \\\n'
            '\t\tKBUILD_BUILD_VERSION="$((pkgrel + 1))-postmarketOS"\n}\n'
        ),
        ('package() {\n\tdownstreamkernel_package \\\n\t\t"$builddir" "$pkgdir" "$_carch" "$_flavor" "$_outdir"'),
    ]
    if device.boot.header_version and device.boot.header_version >= 2:
        lines.append('\n\tmake dtbs_install O="$_outdir" ARCH="$_carch" \\\n\t\tINSTALL_DTBS_PATH="$pkgdir"/boot/dtbs')
    if device.boot.qcdt:
        lines.append('\n\tinstall -Dm644 "$srcdir"/dt.img "$pkgdir"/boot/dt.img')
    return "\n".join(lines) + "\n}\n"
