"""Measurements of quality and speed, printed as tables."""
