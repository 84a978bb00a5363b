"""`/user-management/v1/user`: create, find and change an app's users (wire contract 6.2 to 6.4)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from accounts.answers import answer
from accounts.api.user_management import UserManagementView
from accounts.app_users import app_users, change_app_user, create_app_user, described
from accounts.auth_codes import issue_code

MOST = 1000


class UserView(UserManagementView):
    def post(self, request: HttpRequest) -> HttpResponse:
        """Create. A user that is made inactive gets no code."""
        active = self.truth("active") is not False
        with transaction.atomic():
            user = create_app_user(
                application=self.application,
                app_user_id=self.text("app_user_id"),
                active=active,
                now=self.now,
            )
            code = {"code": issue_code(app_user=user, now=self.now)} if active else {}
        return answer({"success": True, **code, **described(user)})

    def get(self, request: HttpRequest) -> HttpResponse:
        """Find. `total` and `link` only when paging was asked for or is needed."""
        found = app_users(
            application=self.application,
            app_user_id=self.text("app_user_id"),
            oneup_user_id=self.text("oneup_user_id"),
        )
        count, skip = self.count("_count"), self.count("_skip")
        asked = count is not None or skip is not None
        size, start = min(MOST, MOST if count is None else count), skip or 0
        rows = list(found[start : start + size + 1])
        body: dict[str, Any] = {
            "success": True,
            "entry": [described(user) for user in rows[:size]],
        }
        if asked or len(rows) > size:
            body["total"] = found.count()
            body["link"] = self._links(start=start, size=size, more=len(rows) > size and size > 0)
        return answer(body)

    def put(self, request: HttpRequest) -> HttpResponse:
        """Change."""
        user = change_app_user(
            application=self.application,
            oneup_user_id=self.text("oneup_user_id"),
            app_user_id=self.text("app_user_id", "app_id_user"),
            active=self.truth("active"),
        )
        return answer({"success": True, "oneUpUserId": user.pk, **described(user)})

    def _links(self, *, start: int, size: int, more: bool) -> list[dict[str, str]]:
        """`self` and `next`, with the filters and without the credentials: a secret does not belong
        in a URL.
        """
        links = [self._link("self", start, size)]
        if more:
            links.append(self._link("next", start + size, size))
        return links

    def _link(self, relation: str, start: int, size: int) -> dict[str, str]:
        filters = {name: self.text(name) for name in ("app_user_id", "oneup_user_id")}
        query = urlencode(
            {**{k: v for k, v in filters.items() if v}, "_count": size, "_skip": start}
        )
        base = settings.HOSTS["api"]
        return {"relation": relation, "url": f"{base}/user-management/v1/user?{query}"}
