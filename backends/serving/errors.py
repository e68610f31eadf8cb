"""The errors that cross a module border in the serving library."""


class ServingError(Exception):
    """A fault with a message written for the person who has to mend it."""


class SettingsError(ServingError):
    """The environment asks for something that cannot be served."""


class BadRequest(ServingError):
    """The request cannot be answered as it was sent; the message is one sentence for the sender."""


class ModelUnavailable(ServingError):
    """The model is still loading, or its loading failed."""


class ImageError(ServingError):
    """An image could not be had; a subclass in `images.errors` says on whose side the reason lies.

    It stands here for the server, which starts in a moment because it imports nothing of images.
    """
