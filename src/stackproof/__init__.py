"""stackproof proves that an AWS deployment is what its design says, and never fails open."""

__version__ = "0.1.0"
