"""Proofs of the embedded environment."""
