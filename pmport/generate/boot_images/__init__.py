"""Boot images from a record and the parts of a kernel build: one module per family of bootloaders."""
