"""The error that crosses a module border in the weights room."""


class WeightsError(Exception):
    """The weights cannot be had as described; the message says what to change."""
