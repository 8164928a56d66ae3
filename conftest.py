"""The gates come from the stackproof plugin, which pytest loads by itself once the package is installed."""
