"""The pages for developers. Each family of pages names its own addresses, from the root on, in
`console/urls_<family>.py`; templates link them as `{% url "console:<name>" … %}`."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView

from console.views import front, theme

app_name = "console"
urlpatterns = [
    path("", front.front, name="front"),
    path("favicon.ico", front.favicon, name="favicon"),
    path("console/theme", theme.choose_theme, name="theme"),
    path("console/styleguide", front.styleguide, name="styleguide"),
    path("devconsole", RedirectView.as_view(url="/console"), name="devconsole"),
    path("dev/quick-start", front.quick_start, name="quick_start"),
    path("patient/user/register", front.register, name="register"),
    path("", include("console.urls_apps")),
    path("", include("console.urls_users")),
    path("", include("console.urls_connections")),
    path("", include("console.urls_explorer")),
    path("", include("console.urls_sandbox")),
    path("", include("console.urls_systems")),
    path("", include("console.urls_docs")),
]
