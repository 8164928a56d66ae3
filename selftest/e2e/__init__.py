"""The flows of MDReader, and what carries them."""
