"""What stops an operation before it begins."""


class OperateError(Exception):
    """Nothing was changed; the message is written for the person at the keyboard."""


class PowerError(Exception):
    """The machine could not be started or stopped, or is not ready; likewise."""
