"""User flows in a real browser, on a small real web application."""
