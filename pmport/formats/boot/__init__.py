"""Boot images of all header versions, and the wrappers that vendors put around them."""
