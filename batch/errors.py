"""What ends a run before it begins."""


class BatchError(Exception):
    """Something that was asked for cannot be done; the message says what, and what to do."""
