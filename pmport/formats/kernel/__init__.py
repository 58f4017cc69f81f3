"""Kernels: images, self-extracting ones, appended device trees, configurations."""
