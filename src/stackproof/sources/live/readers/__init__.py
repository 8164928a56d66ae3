"""Readers of deployed resources, one module per AWS service. `reading.readers()` finds them."""
