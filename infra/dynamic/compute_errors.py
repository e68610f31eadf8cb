"""What can go wrong in a call to the Compute API."""


class ComputeError(RuntimeError):
    """A call to the Compute API failed; the message says what happened and what to do."""


class NotEnabledError(ComputeError):
    """The Compute API is not enabled in the project, or was enabled only moments ago."""
