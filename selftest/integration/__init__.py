"""The integration gate as a user runs it: the real command on what is really deployed in an embedded environment."""
