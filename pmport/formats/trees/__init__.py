"""Tables of device trees, and how a bootloader chooses one."""
