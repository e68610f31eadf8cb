"""What Google answers when it says no: in JSON to its own clients, in XML to browsers."""

import json
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

JSON_TYPE = "application/json; charset=UTF-8"
XML_TYPE = "application/xml; charset=UTF-8"

# The XML API has names of its own for what the JSON API gives reasons for.
XML_CODES = {
    "notFound": "NoSuchKey",
    "forbidden": "AccessDenied",
    "required": "AccessDenied",
    "authError": "AuthenticationRequired",
}


@dataclass
class Reply:
    """An answer; a body is held in memory."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """A request that Google would refuse.

    Attributes:
        status: of HTTP.
        reason: the JSON API's reason, an OAuth error, or a code of the XML API.
        details: further elements of an XML answer.
    """

    def __init__(self, status: int, reason: str, message: str, **details: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.details = details


def as_json(value: object, status: int = 200) -> Reply:
    """Return `value` as a JSON answer."""
    return Reply(status, json.dumps(value).encode(), {"Content-Type": JSON_TYPE})


def json_refusal(refused: Refused) -> Reply:
    """Return the JSON API's answer, or OAuth's for a token that is not granted."""
    if refused.status == 304:
        return Reply(304)
    if refused.reason in ("invalid_grant", "unsupported_grant_type"):
        body = {"error": refused.reason, "error_description": refused.message}
        return as_json(body, refused.status)
    error: dict[str, Any] = {"code": refused.status, "message": refused.message}
    error["errors"] = [{"message": refused.message, "domain": "global", "reason": refused.reason}]
    if refused.reason.isupper():  # IAM's errors carry a status of their own
        error["status"] = refused.reason
    reply = as_json({"error": error}, refused.status)
    if refused.status == 401:
        reply.headers["WWW-Authenticate"] = 'Bearer realm="https://accounts.google.com/"'
    return reply


def xml_refusal(refused: Refused) -> Reply:
    """Return the XML API's answer; an anonymous caller is denied, not asked to log in."""
    code = XML_CODES.get(refused.reason, refused.reason)
    if refused.message.startswith("The specified bucket"):
        code = "NoSuchBucket"
    elements = {"Code": code, "Message": refused.message, **refused.details}
    text = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in elements.items())
    body = f"<?xml version='1.0' encoding='UTF-8'?><Error>{text}</Error>".encode()
    status = 403 if refused.reason == "required" else refused.status
    return Reply(status, body, {"Content-Type": XML_TYPE})
