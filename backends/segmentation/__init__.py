"""Pre-labels: every image segmented before a labeler opens it (port 7070)."""
