"""Compressed streams and the archives inside: ramdisks."""
