"""Uploaded images: one that is gone is not found.

Label Studio 1.23.2 asks nobody for the permission of a file that its database does not have, and
answers 500 (UploadedFileResponse in data_import/api.py). Whoever reads it takes that for a fault
that passes: a backend tries again four times, and its task is asked for for ever.
"""

from data_import.api import UploadedFileResponse  # pyright: ignore[reportMissingImports]
from data_import.models import FileUpload  # pyright: ignore[reportMissingImports]
from django.conf import settings  # pyright: ignore[reportMissingImports]
from django.http import HttpRequest  # pyright: ignore[reportMissingImports]
from rest_framework.response import Response  # pyright: ignore[reportMissingImports]


class Upload(UploadedFileResponse):
    """Label Studio's own view of an uploaded file."""

    def get(self, request: HttpRequest, filename: str) -> Response:
        try:
            return super().get(request, filename=filename)
        except AttributeError:
            if FileUpload.objects.filter(file=f"{settings.UPLOAD_DIR.rstrip('/')}/{filename}"):
                raise
            return Response(status=404)
