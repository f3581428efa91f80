"""The tests; they compute on one thread a process, as the threads of several processes would only wait for each other."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read by numpy and torch when they are loaded, so it stands first
