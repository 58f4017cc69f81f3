"""What a kernel tells: its file format, compression, version, the configuration built into it, and trees behind it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from pmport.facts.device_facts import Certainty, Fact
from pmport.facts.table import inside, of
from pmport.formats.kernel.image import KernelImage, release_of
from pmport.node import Data

if TYPE_CHECKING:
    from pmport.formats.kernel.appended_dtb import KernelWithTrees
    from pmport.formats.streams.stream import Compressed

__all__ = ["of_compressed", "of_kernel", "of_kernel_with_trees"]

PROCESSORS = ((b"ARMv7 Processor", "armv7"), (b"ARMv6-compatible processor", "armhf"))
"""Name of a processor in an ARM kernel → the newest architecture, as Alpine names it, that runs on it."""
CPIO_MAGICS = (b"070701", b"070702")


def of_kernel(kernel: KernelImage) -> Iterator[Fact]:
    """Facts of a kernel.

    Args:
        kernel: The kernel.

    Yields:
        Its facts, and those of its configuration. What stands in compressed parts has no offset.
    """
    if kernel.NAME:
        yield Fact("kernel_format", kernel.NAME, f"{kernel.KIND} header", 0)
    if kernel.ARCH:
        yield Fact("arch", kernel.ARCH, f"{kernel.KIND} header", 0, Certainty.DERIVED)
    elif arch := _arm_generation(kernel):
        yield Fact("arch", arch, "names of the processors that the kernel knows", certainty=Certainty.DERIVED)
    if kernel.compression:
        yield Fact("kernel_compression", kernel.compression, kernel.KIND)
    if kernel.version:
        yield Fact("kernel_version", kernel.version, "kernel banner")
    yield from (replace(fact, offset=None) for fact in inside(kernel))


def _arm_generation(kernel: KernelImage) -> str | None:
    """Which userland a 32-bit ARM kernel can run: the processors' names stand in its ``proc-v6.S`` and ``proc-v7.S``."""
    texts = [node.section() for _, node in kernel.walk() if isinstance(node, Data)]
    for name, arch in PROCESSORS:
        if any(text.find(name) >= 0 for text in texts):
            return arch
    return None


def of_kernel_with_trees(kernel: KernelWithTrees) -> Iterator[Fact]:
    """Facts of a kernel with device trees behind it.

    Args:
        kernel: The kernel.

    Yields:
        That they are appended, then the facts of all parts.
    """
    yield Fact("dtb_placement", "appended", "behind the kernel", kernel.kernel.size, Certainty.DERIVED)
    yield from inside(kernel)


def of_compressed(stream: Compressed) -> Iterator[Fact]:
    """Facts of a compressed stream.

    Args:
        stream: The stream.

    Yields:
        How a kernel or ramdisk is compressed, then what the content tells, without offsets.
    """
    facets = dict(stream.facets())
    content = facets.get("content")
    if content is None:
        return
    head = content.section().read(0, 6)
    version = release_of(content.section()) if isinstance(content, Data) else ""
    if isinstance(content, KernelImage) or version:
        yield Fact("kernel_compression", stream.COMPRESSION, stream.KIND, 0)
    elif head in CPIO_MAGICS:
        yield Fact("ramdisk_compression", stream.COMPRESSION, stream.KIND, 0)
    if version:
        yield Fact("kernel_version", version, "kernel banner")
    for name, node in facets.items():
        for fact in of(node).within(name):
            yield replace(fact, offset=None)
