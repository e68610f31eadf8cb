"""Label Studio on gunicorn, with the settings a team needs (`python -m backends.frontend`)."""
