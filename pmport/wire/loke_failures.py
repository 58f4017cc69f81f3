"""What the value of a failed answer means in Samsung's download mode.

The old codes are Heimdall's and Samsung-Loki's; those of newer bootloaders are the ones that their users report.
"""

from __future__ import annotations

__all__ = ["meaning"]

_OLD_MEANINGS = {
    -1: "this kind of binary is not supported",
    -2: "the flash is write-protected",
    -3: "erasing failed",
    -4: "writing failed",
    -5: "the signature check refused it",
    -6: "the size is wrong",
    -7: "the ext4 image is wrong",
    -8: "the image is larger than the staging memory (112 MiB)",
}
_NEW_MEANINGS = {
    -127: "no such partition",
    -126: "the partition table's entry has no file name",
    -125: "m9kefs3 may not be written",
    -124: "the image is too large for the partition",
    -123: "the first bootloader failed its check",
    -122: "the image belongs to another partition",
    -121: "this storage is not UFS",
    -120: "this kind of storage is not supported",
    -119: "a block could not be written",
    -118: "a block could not be read",
    -117: "a block could not be erased",
    -116: "the file system is wrong",
    -115: "the file system is wrong",
    -114: "Knox Guard has locked the phone: nothing may be flashed",
    -113: "device management has locked the phone",
    -112: "Knox Guard is in its factory state",
    -111: "the signature check refused it",
    -110: "only official binaries are allowed (Knox Guard)",
    -109: "only official binaries are allowed (Knox Guard)",
    -108: "custom binaries are blocked by remote lock",
    -107: "custom binaries are blocked by the OEM lock: allow OEM unlocking in the developer options",
    -106: "the kernel is older than the phone allows",
    -105: "the kill switch is on",
    -104: "the system is older than the phone allows",
    -103: "an engineering binary is not allowed",
    -102: "the token has the wrong size",
    -101: "the version is older than the phone allows",
    -100: "the loadable firmware was refused",
    -99: "the loadable firmware was refused",
    -98: "the unlock keys were refused",
    -97: "the token could not be installed",
    -96: "the image could not be written",
    -94: "Auto Blocker is on: switch it off in the settings",
}


def meaning(code: int) -> str:
    """What a failure's value means.

    Args:
        code: The value, signed.

    Returns:
        A half sentence; unknown codes are named as such.

    Example:
        >>> meaning(-4)
        'writing failed'
    """
    return _OLD_MEANINGS.get(code) or _NEW_MEANINGS.get(code) or f"unknown reason {code}"
