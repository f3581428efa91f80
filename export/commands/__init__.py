"""The workshop's commands, one file for each kind of work."""
