"""Self-tests of the engine."""
