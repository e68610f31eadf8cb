"""Label Studio on gunicorn, with the settings that a labeling team needs (`python -m backends.frontend`)."""
