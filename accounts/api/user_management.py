"""What every call of `/user-management/v1` has in common: a client's credentials, its rate, its
error bodies (wire contract 6).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from accounts import clock
from accounts.answers import answer, refusal
from accounts.app_users import BadUserInput
from accounts.client_auth import authenticate_client
from accounts.models import Application
from accounts.parameters import parameters
from accounts.rate_limit import count_call
from accounts.refusals import Refused, failure

_TRUTH = {"true": True, "1": True, "false": False, "0": False}


@method_decorator(csrf_exempt, name="dispatch")
class UserManagementView(View):
    """Authenticates the client; a subclass's methods then find `application`, `given` and `now` on
    themselves.
    """

    application: Application
    given: dict[str, str]
    now: datetime

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            self.now = clock.now()
            self.given = parameters(request)
            self.application = authenticate_client(self.given, now=self.now)
            count_call(application=self.application, now=self.now)
            return super().dispatch(request, *args, **kwargs)
        except Refused as refused:
            return refusal(refused)

    def http_method_not_allowed(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        allowed = ", ".join(name.upper() for name in self.http_method_names if hasattr(self, name))
        return answer(failure("method not allowed"), status=405, headers={"Allow": allowed})

    def text(self, *names: str) -> str:
        """The first of these parameters that is there and not empty, else the empty string."""
        return next((self.given[name] for name in names if self.given.get(name)), "")

    def truth(self, name: str) -> bool | None:
        """A boolean parameter; None when absent. Raises `BadUserInput`."""
        value = self.given.get(name)
        if value is None:
            return None
        if value.lower() not in _TRUTH:
            raise BadUserInput(f"{name} must be true or false")
        return _TRUTH[value.lower()]

    def count(self, name: str) -> int | None:
        """A non-negative number; None when absent. Raises `BadUserInput`."""
        value = self.given.get(name)
        if value is None:
            return None
        if not (value.isascii() and value.isdigit() and len(value) <= 9):
            raise BadUserInput(f"{name} must be a number")
        return int(value)
