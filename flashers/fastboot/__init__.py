"""Fastboot: the client, what bootloaders do otherwise, and the flasher."""
