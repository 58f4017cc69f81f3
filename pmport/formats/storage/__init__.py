"""Partition tables, sparse and super images, lists for flashing programs."""
