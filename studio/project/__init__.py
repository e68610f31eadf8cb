"""The project file, with its labeling config and catalogue: read and checked."""
