"""What the commands do. Imported only when a command is used."""
