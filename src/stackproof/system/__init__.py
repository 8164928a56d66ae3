"""system.yaml: what a system consists of, where it runs, what is expected of it, and what was accepted."""
