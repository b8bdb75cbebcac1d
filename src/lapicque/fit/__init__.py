"""Models fitted to recordings."""
