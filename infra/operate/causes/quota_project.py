"""Logins that ask in another project than ours, and key files that are not there."""

from infra.operate.causes.wording import UP, WAIT, by_words
from infra.operate.explanation import Cause

_SET = "gcloud auth application-default set-quota-project"

CAUSES: tuple[Cause, ...] = (
    by_words(
        "no-quota-project",
        r"API requires a quota project",
        "Your login has no project on which its calls are counted (a quota project), which this API"
        " wants. The API itself is not the fault.",
        f"{_SET} {{project}}",
        UP,
    ),
    by_words(
        "no-key-file",
        r"GOOGLE_APPLICATION_CREDENTIALS environment variable: open (?P<file>\S+?):",
        "The key file {file}, which GOOGLE_APPLICATION_CREDENTIALS names, is not there.",
        "Name another, or do without it and log in:",
        "unset GOOGLE_APPLICATION_CREDENTIALS",
        "gcloud auth application-default login",
        UP,
    ),
    by_words(
        "asked-elsewhere",
        r"(?P<api>[a-z]+)\.googleapis\.com/overview\?project=(?P<number>\d+)",
        "Google counts your calls on the project with the number {number}, and there the API"
        " {api}.googleapis.com is off.",
        "gcloud projects describe {project} --format 'value(projectNumber)'",
        f"If that is the same number, this update may have enabled it a moment ago. {WAIT}",
        UP,
        "If it stays off, enable it, and run the same again:",
        "gcloud services enable {api}.googleapis.com --project {project}",
        "If it is another, your login counts on another project. Lead it to this one:",
        f"{_SET} {{project}}",
    ),
)
