"""Reports of networks that were fitted."""
