"""Facts of a kernel configuration: what it was made for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.facts.device_facts import Certainty, Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pmport.formats.kernel.config import KernelConfig

__all__ = ["read"]


def read(config: KernelConfig) -> Iterator[Fact]:
    r"""The facts of a configuration.

    Args:
        config: The configuration.

    Yields:
        Architecture, kernel version, and the command line that was built in.

    Example:
        >>> from pmport.formats.kernel.config import KernelConfig
        >>> config = KernelConfig.parse(b"# Linux/arm 3.10.49 Kernel Configuration\nCONFIG_ARM=y\n")
        >>> [(fact.field, fact.value) for fact in read(config)]
        [('arch', 'armv7'), ('kernel_version', '3.10.49')]
    """
    if config.arch:
        yield Fact("arch", config.arch, "kernel configuration", certainty=Certainty.DERIVED)
    if config.version:
        yield Fact("kernel_version", config.version, "kernel configuration, title", config.text.find(config.version))
    cmdline = config.value("CMDLINE")
    if isinstance(cmdline, str) and cmdline.strip():
        yield Fact("cmdline", cmdline, "kernel configuration, CMDLINE", config.text.find("\nCONFIG_CMDLINE=") + 1)
