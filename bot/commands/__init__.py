"""What the commands of the command line share, and the groups of them that have files of their own."""
