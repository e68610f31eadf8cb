"""The weights of the models: fetched while an image is built, never while it serves."""
