"""Access tokens: granted for a JWT signed with an account's key (RFC 7523), or by a metadata
server."""

import base64
import hmac
import json
import secrets
import time
from pathlib import Path
from typing import Any

from tests.cloud.gcp.lookups import TOKEN as OPERATOR_TOKEN
from tests.cloud.storage.refusal import Refused
from tests.cloud.storage.signatures import from_base64url, is_signed, new_private_key, sign
from tests.cloud.storage.world import OPERATOR, World, public_half

# What the lab's metadata server hands out.
MACHINE_TOKEN = "ya29.stand-in-token-of-the-machine"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_SECONDS = 3599
CLOCK_SKEW_SECONDS = 300
BAD_TIME = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
    "Check your iat and exp values in the JWT claim."
)


class Tokens:
    """Grants and reads tokens. Their secret is kept in `folder`, so they outlive a restart."""

    def __init__(self, world: World, folder: Path) -> None:
        self._world = world
        self._secret = _kept(folder / "token-secret", lambda: secrets.token_hex(32)).encode()
        # Google keeps one for each account, for signing without a key of one's own.
        self._managed_key = _kept(folder / "managed-key.pem", new_private_key)
        self.managed_public_key = public_half(self._managed_key)
        self.seconds = TOKEN_SECONDS

    def issue(self, email: str) -> str:
        """Return a token for `email`: what a machine's metadata server hands out."""
        content = json.dumps([email, time.time() + self.seconds, secrets.token_hex(8)])
        body = base64.urlsafe_b64encode(content.encode()).decode()
        return f"ya29.c.{body}.{self._mac(body)}"

    def grant(self, form: dict[str, str]) -> dict[str, Any]:
        """Answer the token endpoint.

        Raises:
            Refused: the assertion is not signed with a live key of its issuer, or out of date.
        """
        if form.get("grant_type") != GRANT:
            text = f"Invalid grant_type: {form.get('grant_type', '')}"
            raise Refused(400, "unsupported_grant_type", text)
        claims = self._claims(form.get("assertion", ""))
        if not str(claims.get("aud", "")).endswith("/token"):
            raise Refused(400, "invalid_grant", "Invalid JWT: Failed audience check.")
        token = self.issue(claims["iss"])
        return {"access_token": token, "expires_in": self.seconds, "token_type": "Bearer"}

    def caller(self, authorization: str | None) -> str | None:
        """Return the e-mail behind an Authorization header; None for no header.

        Raises:
            Refused: the token is unknown or expired, or its account is gone.
        """
        if not authorization:
            return None
        email = self._email(authorization.removeprefix("Bearer ").strip())
        if email is None or not self._world.is_account(email):
            raise Refused(401, "authError", "Invalid Credentials")
        return email

    def sign_blob(self, caller: str | None, email: str, payload: str) -> dict[str, str]:
        """Answer IAM Credentials' signBlob; `payload` is base64.

        Raises:
            Refused: `caller` is no token creator on `email`.
        """
        if not self._world.may_sign(caller, email):
            text = "Permission 'iam.serviceAccounts.signBlob' denied on resource"
            raise Refused(403, "PERMISSION_DENIED", f"{text} (or it may not exist).")
        signature = sign(self._managed_key, base64.b64decode(payload))
        return {"keyId": "managed", "signedBlob": base64.b64encode(signature).decode()}

    def _email(self, token: str) -> str | None:
        if token == OPERATOR_TOKEN:
            return OPERATOR
        if token == MACHINE_TOKEN:
            return self._world.machine_account()
        body, _, mac = token.removeprefix("ya29.c.").rpartition(".")
        if token.startswith("ya29.c.") and hmac.compare_digest(mac, self._mac(body)):
            email, expiry, _ = json.loads(from_base64url(body))
            return str(email) if time.time() < expiry else None
        if token.count(".") == 2:
            # A JWT signed by the caller itself, which Google takes without any token endpoint.
            try:
                return str(self._claims(token)["iss"])
            except Refused:
                return None
        return None

    def _claims(self, assertion: str) -> dict[str, Any]:
        try:
            head, body, tail = assertion.split(".")
            header, claims = json.loads(from_base64url(head)), json.loads(from_base64url(body))
            signature = from_base64url(tail)
        except ValueError:
            raise Refused(400, "invalid_grant", "Bad Request") from None
        keys = self._world.public_keys(str(claims.get("iss")))
        key = keys.get(header.get("kid", ""))
        if key is None or not is_signed(key, signature, f"{head}.{body}".encode()):
            raise Refused(400, "invalid_grant", "Invalid JWT Signature.")
        issued, expires = claims.get("iat", 0), claims.get("exp", 0)
        if not issued - CLOCK_SKEW_SECONDS <= time.time() <= expires <= issued + 3600:
            raise Refused(400, "invalid_grant", BAD_TIME)
        return claims

    def _mac(self, text: str) -> str:
        return hmac.new(self._secret, text.encode(), "sha256").hexdigest()


def _kept(file: Path, make: Any) -> str:
    if not file.exists():
        file.write_text(make())
        file.chmod(0o600)
    return file.read_text()
