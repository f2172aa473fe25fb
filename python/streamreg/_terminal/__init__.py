"""Terminal: what may become of standard streams, and lines on a screen that nobody waits for."""
