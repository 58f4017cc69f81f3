"""Nokia's NOLO, boot ROM and Mk II protocol, as 0xFFFF speaks them: the clients and the flasher."""
