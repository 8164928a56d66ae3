"""Verdicts and findings as people and other programs read them."""
