"""A drafted board file as part of a kernel package: the file, the patch that adds it, and the name that a bootloader is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.generate.kernel_package import kernel_files

if TYPE_CHECKING:
    from pmport.board import Draft
    from pmport.device_db import Device

__all__ = ["board_files", "board_name"]

PATCH = "0001-arm64-dts-add-board.patch"


def board_name(drafted: Draft, codename: str) -> str:
    """The name of a board's tree below ``boot/dts``, as ``deviceinfo_dtb`` has it.

    Args:
        drafted: The draft.
        codename: ``<vendor>-<name>``.

    Returns:
        ``qcom/msm8916-acme-argon``.
    """
    folder = drafted.chip.folder.partition("boot/dts")[2].strip("/")
    prefix = "qcom-" if drafted.chip.includes[0].startswith("qcom-") else ""
    return f"{folder}/{prefix}{drafted.chip.chip}-{codename}".lstrip("/")


def board_files(device: Device, drafted: Draft, *, maintainer: str = "") -> dict[str, str]:
    """The files of a kernel package close to mainline, with the board file and the patch that adds it.

    Args:
        device: The record.
        drafted: The draft.
        maintainer: Who looks after the package.

    Returns:
        Path below ``linux-<codename>/`` → text.
    """
    name = board_name(drafted, device.codename)
    top = drafted.chip.folder.partition("boot/dts")[0] + "boot/dts/"
    files = kernel_files(device, mainline=True, maintainer=maintainer)
    folder, _, stem = f"{top}{name}".rpartition("/")
    line = f"dtb-y += {stem}.dtb"
    build = files["APKBUILD"].replace("\t$_config\n", f"\t$_config\n\t{PATCH}\n")
    build = build.replace("\tdefault_prepare\n", f'\tdefault_prepare\n\techo "{line}" >> {folder}/Makefile\n')
    text = drafted.text()
    return files | {"APKBUILD": build, PATCH: _patch(f"{top}{name}.dts", text), f"{stem}.dts": text}


def _patch(path: str, text: str) -> str:
    """A patch that adds a file."""
    lines = text.splitlines()
    head = [
        f"diff --git a/{path} b/{path}",
        "new file mode 100644",
        "--- /dev/null",
        f"+++ b/{path}",
        f"@@ -0,0 +1,{len(lines)} @@",
    ]
    return "\n".join([*head, *(f"+{line}" for line in lines)]) + "\n"
