"""The resources of a stack, one component a file, each given what it needs as typed arguments."""
