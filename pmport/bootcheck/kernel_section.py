"""What stands in the kernel section: a kernel that is all there, firmware that may be meant, or something else.

Bytes of no known form are no finding, because UEFI, U-Boot and lk2nd have no header of their own; a finding needs
evidence of what the section is instead, or of damage.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pmport.errors import FormatError
from pmport.findings import Finding, Severity
from pmport.formats import foreign
from pmport.formats.base.wrapper import Wrapper
from pmport.formats.boot.mediatek import MtkImage, label_of
from pmport.formats.kernel.appended_dtb import KernelWithTrees
from pmport.formats.kernel.behind_zeros import KernelBehindZeros
from pmport.formats.kernel.config import KernelConfig
from pmport.formats.kernel.image import Arm64Image, KernelImage, MsmImage, release_of
from pmport.formats.kernel.zimage import BzImage, EfiZboot, ZImage
from pmport.formats.packages.fit import FitImage
from pmport.formats.packages.uimage import UImage
from pmport.formats.registry import recognise_or_data
from pmport.formats.streams.stream import Compressed
from pmport.node import Data, Node

if TYPE_CHECKING:
    from pmport.formats.boot.image import BootImage
    from pmport.section import Section

__all__ = ["KernelSection"]

SMALLEST = 64
"""The header of an arm64 Image alone takes as many bytes; a zImage's takes 48."""
PACKED_LIMIT = 4
"""A kernel is looked for through so many layers: trees behind it, a mark, a compression, each twice at the most."""
KERNELS = (KernelBehindZeros, KernelImage, UImage, FitImage, Wrapper)
BANNER = b"Linux version "
WHY_NONE = "the bootloader jumps to its first bytes, and the phone hangs or resets"
WHY_CUT = "it stops in the middle of unpacking itself, or of running"


@dataclass(frozen=True)
class KernelSection:
    """The kernel section of a boot image, opened to the kernel inside.

    Args:
        image: The boot image.
    """

    image: BootImage

    @cached_property
    def payload(self) -> Section:
        """The section without MediaTek's header."""
        try:
            return MtkImage.parse(self.image.kernel).payload
        except FormatError:
            return self.image.kernel

    @cached_property
    def layers(self) -> tuple[Node, ...]:
        """What the section is, then what that holds, down to the kernel."""
        found: list[Node] = [recognise_or_data(self.payload)]
        while len(found) <= PACKED_LIMIT:
            inner = _inside(found[-1])
            if inner is None:
                break
            found.append(recognise_or_data(inner))
        return tuple(found)

    @cached_property
    def kernel(self) -> KernelImage | None:
        """The kernel, where its form is known."""
        return next((layer for layer in reversed(self.layers) if isinstance(layer, KernelImage)), None)

    @cached_property
    def version(self) -> str:
        """The kernel's release, such as ``4.14.190``; empty where none is found."""
        if self.kernel is not None:
            return self.kernel.version
        last = self.layers[-1]
        return release_of(last.section()) if isinstance(last, Data) and last.size else ""

    @cached_property
    def config(self) -> KernelConfig | None:
        """The configuration that was built into the kernel."""
        text = self.kernel.config if self.kernel is not None else None
        try:
            return KernelConfig.parse(text) if text else None
        except FormatError:
            return None

    @property
    def is_linux(self) -> bool:
        """Whether there is evidence that it is a Linux kernel, and no firmware."""
        return bool(self.version) or isinstance(self.kernel, (ZImage, BzImage, EfiZboot))

    @property
    def looks_like_firmware(self) -> bool:
        """Whether it may be firmware such as UEFI: code of no kernel's form, that is nothing else that is known."""
        last = self.layers[-1]
        return isinstance(last, (Data, Arm64Image)) and not any(True for _ in self.findings())

    @cached_property
    def memory_size(self) -> int:
        """Bytes that it takes in memory once it runs, BSS included; its file's where nothing says so."""
        for layer in self.layers:
            if isinstance(layer, Arm64Image):
                return max(layer.header["image_size"], layer.size)
        return self.layers[-1].size if isinstance(self.layers[-1], Data) else self.payload.size

    def findings(self) -> Iterator[Finding]:
        """What is wrong with it.

        Yields:
            Findings; none where the section is empty.
        """
        if not self.image.kernel:
            return
        label = label_of(self.image.kernel)
        if label is not None:
            yield from _mtk_findings(self.image.kernel, label)
        if 0 < self.payload.size < SMALLEST:
            yield _no_kernel(f"It has {self.payload.size} bytes, and no kernel is as small", Severity.WARNING)
            return
        for layer in self.layers:
            yield from _layer_findings(layer, packed=layer is not self.layers[0])


def _inside(layer: Node) -> Section | None:
    """What a layer carries that may be a kernel."""
    if isinstance(layer, (KernelWithTrees, KernelBehindZeros)):
        return layer.kernel
    if isinstance(layer, MsmImage):
        return layer.image
    if isinstance(layer, Compressed):
        try:
            return layer.content
        except FormatError:
            return None
    return None


def _layer_findings(layer: Node, *, packed: bool) -> Iterator[Finding]:
    if isinstance(layer, Compressed):
        yield from (_damaged(finding.message) for finding in layer.findings() if finding.severity is Severity.ERROR)
    elif isinstance(layer, KernelBehindZeros):
        yield _no_header(f"begins with {layer.size - layer.kernel.size} zeros, and a kernel stands behind them")
    elif isinstance(layer, KernelImage):
        yield from _kernel_findings(layer)
    elif isinstance(layer, UImage):
        yield from (_damaged(finding.message) for finding in layer.findings() if finding.severity is Severity.ERROR)
    elif isinstance(layer, Data):
        yield from _data_findings(layer.section(), packed=packed)
    elif not isinstance(layer, (KernelWithTrees, *KERNELS)):
        yield _no_kernel(f"It holds {'a compressed ' if packed else ''}{layer.KIND} instead")


def _data_findings(section: Section, *, packed: bool) -> Iterator[Finding]:
    what = foreign.identify(section)
    if what is not None and what.family not in {"bootloader", "disk", "encrypted"}:
        severity = Severity.WARNING if what.family == "program" else Severity.ERROR
        yield _no_kernel(f"It holds {what.word}{', compressed,' if packed else ''} instead", severity)
    elif section.find(BANNER) > 0:
        yield _no_header("holds Linux code, and begins with the header of no kernel")


def _no_header(what: str) -> Finding:
    return Finding(
        Severity.WARNING,
        "kernel-header",
        f"The kernel section {what}",
        where="kernel",
        why="a bootloader that looks for the header refuses it, others jump to its first bytes",
        fix="take the kernel again from arch/*/boot",
    )


def _kernel_findings(kernel: KernelImage) -> Iterator[Finding]:
    missing = _expected_size(kernel) - kernel.section().size
    if missing > 0:
        yield Finding(
            Severity.ERROR,
            "kernel-short",
            f"The kernel is cut short: its header counts {missing} bytes more than are there",
            where="kernel",
            why=WHY_CUT,
            fix="take the whole kernel",
        )
    elif kernel.damaged_stream is not None:
        yield _damaged(f"the {kernel.damaged_stream} stream inside cannot be decompressed")


def _expected_size(kernel: KernelImage) -> int:
    """Bytes that the file has by its own header; 0 where that says nothing."""
    if isinstance(kernel, ZImage):
        return kernel.header["end"] - kernel.header["start"]
    if isinstance(kernel, BzImage):
        return kernel.file_size
    return kernel.pe_size if isinstance(kernel, Arm64Image) else 0


def _mtk_findings(section: Section, label: str) -> Iterator[Finding]:
    if label in {"ROOTFS", "RECOVERY"}:
        yield _no_kernel(f"MediaTek's header in front of it says {label}, as that of a ramdisk does")
    try:
        tail = MtkImage.parse(section).parts()
    except FormatError as error:
        yield _damaged(str(error))
        return
    left = [part.section for part in tail if part.name == "tail" and not part.section.is_zero()]
    if left:
        yield Finding(
            Severity.WARNING,
            "mtk-size",
            f"MediaTek's header in front of the kernel leaves out {left[0].size} bytes of the section",
            where="kernel",
            why="MediaTek's bootloader loads what its header counts",
        )


def _no_kernel(message: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(
        severity,
        "not-a-kernel",
        f"The kernel section holds no kernel. {message}",
        where="kernel",
        why=WHY_NONE,
        fix="put Image, zImage or Image.gz there, with its trees where the phone wants them appended",
    )


def _damaged(message: str) -> Finding:
    return Finding(
        Severity.ERROR,
        "kernel-damaged",
        f"The kernel is damaged: {message}",
        where="kernel",
        why=WHY_CUT,
        fix="take the kernel again from where it was built",
    )
