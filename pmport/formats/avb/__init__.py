"""Android Verified Boot: vbmeta, its descriptors and keys, and the footer of a partition."""
