"""Self-tests of reading and evaluating templates."""
