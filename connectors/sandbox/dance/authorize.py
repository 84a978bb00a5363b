"""Sign in, then consent: two plain forms on one address. No cookie; the second form carries a
signed note of the first.

A program may send `username`, `password` and `decision` in one post: that is both steps, with
everything shared.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from connectors.sandbox import faults
from connectors.sandbox.dance.request import (
    AuthorizeRequest,
    Refused,
    RefusedToApp,
    check,
    read,
)
from connectors.sandbox.house import Account, House
from connectors.sandbox.pages import page
from connectors.sandbox.tokens import BadToken, Grant, seal, unseal
from connectors.sandbox.world import world

MINUTE, DAY = 60.0, 86_400.0
DURATIONS = (("365", "One year"), ("90", "Three months"), ("1", "One day"))


def authorize(request: HttpRequest, *, house: House, audience: str = "") -> HttpResponse:
    """The authorization endpoint of a house. `audience` is its FHIR base as called."""
    if request.method not in ("GET", "POST"):
        return HttpResponseNotAllowed(["GET", "POST"])
    query = request.GET.dict()
    try:
        asked = read(house, query, audience=audience)
        check(house, query, audience=audience)
    except Refused as refused:
        return page("refused.html", {"house": house, "why": str(refused)}, status=400)
    except RefusedToApp as refused:
        return _leave(asked.back(error=refused.error, error_description=refused.description))
    if request.method == "GET":
        return _sign_in(house, asked)
    return _posted(request.POST.dict(), house=house, asked=asked)


def _posted(form: dict[str, str], *, house: House, asked: AuthorizeRequest) -> HttpResponse:
    if "signed_in" in form:
        try:
            note = unseal(
                form["signed_in"],
                kind="signin",
                secret=world().secret,
                now=world().now().timestamp(),
            )
        except BadToken:
            return _sign_in(house, asked, problem="That took too long. Sign in again.")
        account = house.account(note.username) if note.system == house.system else None
        if account is None:
            return _sign_in(house, asked, problem="Sign in again.")
        return _decided(form, house=house, asked=asked, account=account, username=note.username)
    username = form.get("person", form.get("username", "")).strip()
    account = house.account(username)
    if account is None or ("person" not in form and form.get("password") != account.password):
        return _sign_in(house, asked, username=username, problem=_who_works(account))
    username = house.spelled(username) or username
    if "decision" in form:
        everything = {f"share_{group.key}": "on" for group in house.groups}
        return _decided(
            {**everything, **form}, house=house, asked=asked, account=account, username=username
        )
    return _consent(house, asked, account=account, username=username)


def _decided(
    form: dict[str, str], *, house: House, asked: AuthorizeRequest, account: Account, username: str
) -> HttpResponse:
    now = world().now().timestamp()
    denied = faults.strike(world(), system=house.system, username=username, stage="consent")
    if form.get("decision") == "deny" or denied:
        return _leave(
            asked.back(error="access_denied", error_description="The person did not agree")
        )
    withheld = tuple(g.key for g in house.groups if f"share_{g.key}" not in form)
    days = form.get("days", DURATIONS[0][0])
    problem = ""
    if form.get("decision") != "allow":
        problem = "Choose Allow or Deny."
    elif len(withheld) == len(house.groups):
        problem = "Nothing is ticked. Tick what you want to share, or choose Deny."
    elif days not in dict(DURATIONS):
        problem = "Choose for how long."
    if problem:
        return _consent(
            house, asked, account=account, username=username, problem=problem, withheld=withheld
        )
    code = Grant(
        kind="code",
        system=house.system,
        username=username,
        client_id=asked.client_id,
        scope=asked.scope,
        withheld=withheld,
        redirect_uri=asked.redirect_uri,
        challenge=asked.challenge,
        offline=asked.offline,
        ends=now + int(days) * DAY,
    ).made("code", expires=now + 5 * MINUTE)
    return _leave(asked.back(code=seal(code, secret=world().secret)))


def _sign_in(
    house: House, asked: AuthorizeRequest, *, username: str = "", problem: str = ""
) -> HttpResponse:
    values = {"house": house, "username": username, "problem": problem}
    return page("sign_in.html", values)


def _who_works(account: Account | None) -> str:
    if account is None:
        return "Nobody here has that user name. Choose a test person below."
    return f"That password does not fit. Try {account.username} / {account.password}."


def _consent(
    house: House,
    asked: AuthorizeRequest,
    *,
    account: Account,
    username: str,
    problem: str = "",
    withheld: tuple[str, ...] = (),
) -> HttpResponse:
    note = Grant(kind="signin", system=house.system, username=username)
    note = note.made("signin", expires=world().now().timestamp() + 15 * MINUTE)
    values = {
        "house": house,
        "account": account,
        "signed_in": seal(note, secret=world().secret),
        "groups": [(group, group.key not in withheld) for group in house.groups],
        "durations": DURATIONS,
        "problem": problem,
    }
    return page("consent.html", values, leaves=True)


def _leave(address: str) -> HttpResponse:
    return HttpResponse(
        status=302,
        headers={
            "Location": address,
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
        },
    )
