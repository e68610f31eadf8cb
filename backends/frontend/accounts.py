"""Whose account an e-mail address is, in whichever letters it is written.

Label Studio's login makes what people type lower case (users/forms.py), and Django then looks for
exactly that. Who has an account with capitals, made by the first start or by the API, could never
log in.
"""

from typing import Any

# Django's, which the type checker's environment has not.
from django.contrib.auth import get_user_model  # pyright: ignore[reportMissingImports]
from django.contrib.auth.backends import ModelBackend  # pyright: ignore[reportMissingImports]


class AnyLetterCase(ModelBackend):
    """Finds accounts whatever the case of their address; asked after Django's own backend."""

    def authenticate(
        self,
        request: Any,
        email: str | None = None,
        password: str | None = None,
        **others: Any,
    ) -> Any:
        """Return the account of that address and password; None where there is none."""
        if not email or not password:
            return None
        # Two addresses that differ in their letters alone are two accounts: the password tells.
        for user in get_user_model().objects.filter(email__iexact=email):
            if user.check_password(password) and self.user_can_authenticate(user):
                return user
        return None
