"""The services that run in containers; each folder with a Dockerfile bakes one image."""
