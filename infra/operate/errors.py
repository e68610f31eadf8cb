"""What stops an operation before it begins."""


class OperateError(Exception):
    """Nothing was changed; the message is written for the person at the keyboard."""
