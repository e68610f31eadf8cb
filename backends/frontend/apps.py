"""What of ours Django starts together with Label Studio's own applications."""

from django.apps import AppConfig  # pyright: ignore[reportMissingImports]


class Frontend(AppConfig):
    """Has no models; it takes the place of some of Label Studio's receivers."""

    name = "backends.frontend"

    def ready(self) -> None:
        # Models may be imported now, and not before.
        from backends.frontend import targets

        targets.take_over()
