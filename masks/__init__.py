"""Label Studio's language: labeling configs, regions, and the ways in which masks are written."""
