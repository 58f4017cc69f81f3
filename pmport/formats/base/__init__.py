"""What formats share: declared layouts, archives, wrappers."""
