"""Self-tests of probes, on the real embedded environment."""
