"""The second factor: its secrets are sealed, and wrong codes lock the account as wrong passwords do (N14.1)."""

import base64
import os
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base import forms
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from rollbook.accounts import actions, queries
from rollbook.accounts.rules import Guess

NONCE = 12  # bytes, NIST SP 800-38D
PURPOSE = b"second factor"  # bound to the box: what is sealed for another purpose does not open here


class SecondFactor(DefaultMFAAdapter):  # type: ignore[misc]
    """Whoever reads the database cannot make codes: secrets are sealed with the newest key."""

    def encrypt(self, text: str) -> str:
        version, nonce = max(settings.SEAL_KEYS), os.urandom(NONCE)
        box = AESGCM(settings.SEAL_KEYS[version]).encrypt(nonce, text.encode(), PURPOSE)
        return f"{version}:{base64.b64encode(nonce + box).decode()}"

    def decrypt(self, encrypted_text: str) -> str:
        version, _colon, text = encrypted_text.partition(":")
        box = base64.b64decode(text)
        return AESGCM(settings.SEAL_KEYS[int(version)]).decrypt(box[:NONCE], box[NONCE:], PURPOSE).decode()


class Counted:
    """A form for a code: an account that is locked takes none, and each wrong one is counted."""

    user: Any

    def clean_code(self) -> str:
        now = timezone.now()
        account = queries.fresh(self.user.pk)
        if queries.is_locked(account, now):
            raise get_adapter().validation_error("too_many_login_attempts")
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except ValidationError as error:
            if error.code == "incorrect_code":
                actions.count_failure(account_id=account.pk, now=now, what=Guess.CODE)
            raise
        actions.forget_failures(account, Guess.CODE)
        return code


class Authenticate(Counted, forms.AuthenticateForm):  # type: ignore[misc]
    pass


class Reauthenticate(Counted, forms.ReauthenticateForm):  # type: ignore[misc]
    pass
