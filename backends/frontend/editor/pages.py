"""Label Studio's compiled pages with the changes made, under an address of their own.

Label Studio sends its pages with a date and no word on caching, and addresses them by its own
commit: a browser that has the installed file keeps it for days. The address here holds a digest of
what is served, so what a browser has under it is right and may be kept. webpack's runtime takes
the address of all other files from its own, and so they come from here too.
"""

from mimetypes import guess_type

from core.utils.static_serve import serve  # pyright: ignore[reportMissingImports]
from django.conf import settings  # pyright: ignore[reportMissingImports]
from django.http import HttpRequest, HttpResponse, JsonResponse  # pyright: ignore
from django.views.decorators.http import require_safe  # pyright: ignore

FOR_EVER = "public, max-age=31536000, immutable"


@require_safe
def page(request: HttpRequest, asked: str, file: str) -> HttpResponse:
    """Answer with a changed file, or with the installed one.

    A page that is open while the studio is updated asks for its next file under the old address.
    """
    content = settings.CHANGED_PAGES.files.get(file)
    if content is None:
        answer = serve(request, file, document_root=settings.REACT_APP_ROOT)
    else:
        answer = HttpResponse(content, content_type=guess_type(file)[0])
    answer["Cache-Control"] = FOR_EVER if asked == settings.PAGES_DIGEST else "no-cache"
    return answer


@require_safe
def changes(request: HttpRequest) -> JsonResponse:
    """Say what became of each change: name -> null, or why it was not made."""
    return JsonResponse({"changes": dict(settings.CHANGED_PAGES.refused)})
