"""`POST /user-management/v1/user/auth-code`: a new code for a user (wire contract 6.5)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from accounts.answers import answer
from accounts.api.user_management import UserManagementView
from accounts.app_users import described, find_app_user
from accounts.auth_codes import issue_code


class AuthCodeView(UserManagementView):
    def post(self, request: HttpRequest) -> HttpResponse:
        user = find_app_user(
            application=self.application,
            app_user_id=self.text("app_user_id"),
            oneup_user_id=self.text("oneup_user_id"),
        )
        code = issue_code(app_user=user, now=self.now)
        return answer({"success": True, "code": code, **described(user)})
