"""The public surface of this app, without trailing slashes. Include it before the FHIR paths:
`/fhir/oauth2/token` is ours.
"""

from __future__ import annotations

from django.urls import path

from accounts.api.auth_code import AuthCodeView
from accounts.api.introspect import IntrospectView
from accounts.api.revoke import RevokeView
from accounts.api.token import TokenView
from accounts.api.user import UserView

urlpatterns = [
    path("user-management/v1/user", UserView.as_view()),
    path("user-management/v1/user/auth-code", AuthCodeView.as_view()),
    path("fhir/oauth2/token", TokenView.as_view()),
    path("oauth2/token", TokenView.as_view()),
    path("oauth2/revoke", RevokeView.as_view()),
    path("oauth2/introspect", IntrospectView.as_view()),
]
