"""What can go wrong between a preview and its table; every message says what to do."""


class PlanError(Exception):
    """No table can be made; the message is written for the person at the keyboard."""
