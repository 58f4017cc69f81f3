"""Files that bootloaders read, and scripts for them."""
