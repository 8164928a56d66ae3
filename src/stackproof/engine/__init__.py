"""The static engine: templates in, findings out. Used by the pytest plugin and by the command line alike."""
