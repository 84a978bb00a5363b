"""Who may see a console page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.cache import never_cache

from accounts.models import User
from console.navigation import LAST_APP

View = Callable[Concatenate[HttpRequest, ...], HttpResponseBase]


def developer_required(view: View) -> View:
    """Decorates a page for logged-in developers; all others are asked to log in and come back. What
    it answers is stored in no cache. Read the developer with `developer_of(request)`."""

    @never_cache
    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path(), reverse("account_login"))
        slug = kwargs.get("app")
        response = view(request, *args, **kwargs)
        if slug and response.status_code < 400 and request.session.get(LAST_APP) != slug:
            request.session[LAST_APP] = slug
        return response

    return checked


def developer_of(request: HttpRequest) -> User:
    """The developer who asks; only for views under `developer_required`."""
    assert isinstance(request.user, User)
    return request.user
