"""What can go wrong between a project file and Label Studio; every message says what to do."""


class StudioError(Exception):
    """Something stops the command; the message is written for the person at the keyboard."""


class ProjectFileError(StudioError):
    """The project file is wrong; the message lists every fault."""


class CatalogueError(StudioError):
    """The catalogue cannot be read as the project file says."""


class DoubtfulError(StudioError):
    """What would be done is likely a mistake; a person can say that it is not."""


class NotReachableError(StudioError):
    """Label Studio or a backend does not answer."""


class WrongTokenError(StudioError):
    """Label Studio does not accept the API token."""


class RefusedError(StudioError):
    """Label Studio answered and said no; its own reason is in the message."""


class BackendError(StudioError):
    """A backend is down, failed to load its model, or refuses the user or password."""


class StorageError(StudioError):
    """Cloud Storage does not answer, or has no such bucket or object."""


class StorageCredentialsError(StorageError):
    """There are no Google credentials, or Google refuses them."""


class StorageAccessError(StorageError):
    """The account may not do in a bucket what labeling takes; the message names the roles."""


class MediaError(StudioError):
    """An image of the bucket does not reach a browser."""


class ExportError(StudioError):
    """A data set cannot be made of what was labeled; the message says of which pictures and why."""


class SnapshotError(StudioError):
    """A snapshot cannot be made or read."""
