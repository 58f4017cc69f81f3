"""A driver for labgrid's board farms: boards are flashed by pmport, on the computer that they are plugged into.

labgrid is no dependency of pmport: install pmport where labgrid is installed, on the exporters too. In a place's
environment::

    imports: [pmport.labgrid]
    targets:
      main:
        resources: [{RemotePlace: {name: my-phone}}]
        drivers: [{PmportDriver: {flash_images: {boot: boot-image}}}]
    images: {boot-image: /path/to/boot.img}

What the exporter is to do is done there by ssh, by the ``pmport`` command of that computer.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

__all__ = ["PmportDriver"]


def _driver() -> Any:  # noqa: C901 - a class of small methods
    """Make the driver; only where labgrid is installed."""
    import attr  # noqa: PLC0415 - labgrid brings it
    from labgrid.driver.common import Driver  # noqa: PLC0415
    from labgrid.driver.exception import ExecutionError  # noqa: PLC0415
    from labgrid.factory import target_factory  # noqa: PLC0415
    from labgrid.resource.fastboot import AndroidNetFastboot  # noqa: PLC0415
    from labgrid.resource.remote import RemoteAndroidNetFastboot, RemoteAndroidUSBFastboot  # noqa: PLC0415
    from labgrid.resource.udev import AndroidUSBFastboot  # noqa: PLC0415
    from labgrid.step import step  # noqa: PLC0415
    from labgrid.util.helper import processwrapper  # noqa: PLC0415
    from labgrid.util.managedfile import ManagedFile  # noqa: PLC0415

    @target_factory.reg_driver
    @attr.s(eq=False)
    class PmportDriver(Driver):  # type: ignore[misc]  # labgrid has no types
        """Flashes a phone of the farm.

        Args:
            flash_images: Role or partition → name of an image in the environment.
            device: Codename of its record; "" for a phone whose partitions are named as they are.
        """

        bindings = {  # noqa: RUF012 - labgrid reads it from the class
            "fastboot": {AndroidUSBFastboot, RemoteAndroidUSBFastboot, AndroidNetFastboot, RemoteAndroidNetFastboot}
        }
        flash_images: Any = attr.ib(factory=dict, validator=attr.validators.instance_of(dict))
        device: Any = attr.ib(default="", validator=attr.validators.instance_of(str))

        def _command(self, verb: str, *arguments: str) -> list[str]:
            port = self.fastboot
            if isinstance(port, (AndroidUSBFastboot, RemoteAndroidUSBFastboot)):
                return [*port.command_prefix, "pmport", verb, "--device", f"usb:{port.path}", *arguments]
            here = isinstance(port, AndroidNetFastboot) or port.host in {"localhost", "127.0.0.1", socket.gethostname()}
            prefix = [] if here else port.command_prefix
            return [*prefix, "pmport", verb, "--device", f"{port.protocol}:{port.address}:{port.port}", *arguments]

        def _run(self, verb: str, *arguments: str) -> str:
            output: bytes = processwrapper.check_output(self._command(verb, *arguments), print_on_silent_log=True)
            return output.decode("utf-8", "replace")

        def _there(self, filename: str) -> str:
            """A file's path on the computer that the phone is plugged into."""
            if self._command("flash")[0] == "pmport":
                return filename
            file = ManagedFile(filename, self.fastboot)
            file.sync_to_resource()
            path: str = file.get_remote_path()
            return path

        @Driver.check_active
        @step(args=["role", "filename"])
        def flash(self, role: str, filename: str = "") -> None:
            """Flash one image.

            Args:
                role: ``boot``, ``rootfs`` … or a partition.
                filename: The image; "": the environment's own for that role.

            Raises:
                ExecutionError: If neither is given.
            """
            if not filename:
                if role not in self.flash_images:
                    raise ExecutionError(f"No image is named for {role}: give a file, or a row in flash_images")
                filename = self.target.env.config.get_image_path(self.flash_images[role])
            record = ["--codename", self.device] if self.device else []
            self._run("flash", *record, f"{role}={self._there(filename)}")

        @Driver.check_active
        @step()
        def flash_all(self) -> None:
            """Flash every image that the environment names."""
            for role in self.flash_images:
                self.flash(role)

        @Driver.check_active
        @step(args=["name"])
        def getvar(self, name: str) -> str:
            """What the phone says of itself.

            Args:
                name: The variable.

            Returns:
                Its value.
            """
            line = self._run("getvar", name).partition(f"{name}:")[2]
            return line.splitlines()[0].strip() if line else ""

    return PmportDriver


with suppress(ModuleNotFoundError):
    PmportDriver = _driver()
