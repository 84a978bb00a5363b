"""Our rules on top of allauth: addresses are lower case and double as the user name, a confirmed
address is noted with its time, and the demo shows the mailed link."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import clock
from accounts.models import User

DEMO_LINK, DEMO_LINK_TO = "demo_confirmation_link", "confirmation_sent_to"


class SignUp(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth's adapter (setting ACCOUNT_ADAPTER)."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("This e-mail address and password do not go together."),
        "too_many_login_attempts": _(
            "Too many tries. Wait five minutes, then try again, or set a new password."
        ),
        "incorrect_password": _("This is not the password of your account."),
        "rate_limited": _("Too many tries. Wait some minutes, then try again."),
    }

    def clean_email(self, email: str) -> str:
        return email.strip().lower()

    def populate_username(self, request: HttpRequest, user: User) -> None:
        user.username = user.email

    def confirm_email(self, request: HttpRequest, email_address: Any) -> bool:
        confirmed: bool = super().confirm_email(request, email_address)
        if confirmed:
            request.session.pop(DEMO_LINK, None)
            User.objects.filter(pk=email_address.user_id, email_confirmed_at=None).update(
                email_confirmed_at=clock.now()
            )
        return confirmed

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Links in a mail lead to our public address. allauth makes them from the Host header,
        which whoever asks for somebody's mail chooses, port and all.
        """
        request: HttpRequest = allauth_context.request
        if template_prefix == "account/email/account_already_exists":
            request.session[DEMO_LINK_TO] = email  # the next page is the one a new address gets
        asked_at = f"{request.scheme}://{request.get_host()}/"
        public = f"{settings.PUBLIC_BASE_URL}/"
        ours = {
            name: public + value.removeprefix(asked_at)
            if isinstance(value, str) and value.startswith(asked_at)
            else value
            for name, value in context.items()
        }
        site = {"domain": urlsplit(public).netloc}
        super().send_mail(template_prefix, email, {**ours, "current_site": site})

    def send_confirmation_mail(
        self, request: HttpRequest, emailconfirmation: Any, signup: bool
    ) -> None:
        request.session[DEMO_LINK_TO] = emailconfirmation.email_address.email
        if not settings.PRODUCTION:
            url = self.get_email_confirmation_url(request, emailconfirmation)
            request.session[DEMO_LINK] = url
        super().send_confirmation_mail(request, emailconfirmation, signup)
