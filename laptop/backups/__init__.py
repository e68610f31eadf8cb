"""The whole studio of this machine in one file, outside the clone, and back."""
