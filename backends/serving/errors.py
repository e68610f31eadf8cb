"""The errors that cross a module border in the serving library."""

from typing import Literal


class ServingError(Exception):
    """A fault with a message written for the person who has to mend it."""


class SettingsError(ServingError):
    """The environment asks for something that cannot be served."""


class BadRequest(ServingError):
    """The request cannot be answered as it was sent; the message is one sentence for the sender."""


class Unanswered(ServingError):
    """A task cannot be answered. Its message is for the labeler and the log.

    Attributes:
        reason: the message without what is this task's alone, so that tasks with one reason can be
            counted; never holds a secret.
        kind: "cannot now" where asking again may help, "cannot" where it will not before somebody
            mends the image, its address or a setting.
        noted: whether it was logged, counted and kept already.
    """

    kind: Literal["cannot", "cannot now"] = "cannot now"

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or message
        self.noted = False


class Cannot(Unanswered):
    """It cannot, and will not."""

    kind = "cannot"


class CannotNow(Unanswered):
    """It cannot now; asking again later may help."""


class ModelUnavailable(CannotNow):
    """No task can be answered now: the model is loading, or its loading failed."""


class DeviceLost(ModelUnavailable):
    """The device answers nothing more to this process; a new one may have it again."""


class Busy(CannotNow):
    """Too much is being done at once, or what others do takes too long."""


class ImageError(Unanswered):
    """An image could not be had; a subclass in `images.errors` says on whose side the reason lies.

    It stands here for the server, which starts in a moment because it imports nothing of images.
    """
