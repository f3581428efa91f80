"""The report: one self-contained HTML page of everything that a run has made."""
