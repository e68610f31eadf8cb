"""The scripts that made the two demo models."""
