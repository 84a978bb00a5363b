"""The page after signing up."""

from __future__ import annotations

from typing import Any

from allauth.account.views import EmailVerificationSentView

from console.sign_up import DEMO_LINK, DEMO_LINK_TO


class ConfirmationSent(EmailVerificationSentView):  # type: ignore[misc]
    """ "We sent you a link." In the demo, which sends no mail, the link itself, shown to the
    browser that signed up."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["demo_link"] = self.request.session.get(DEMO_LINK, "")
        context["sent_to"] = self.request.session.get(DEMO_LINK_TO, "")
        return context


confirmation_sent = ConfirmationSent.as_view()
