"""Telling apps what changed: Subscriptions, delivered from the outbox (wire contract 15.2).

Every Subscription is looked at once in SUBSCRIPTION_SECONDS. What changed since and meets its
criteria is POSTed, oldest change first; how far it came is written after each, so that a worker
killed on the way sends one resource twice at most. A failing endpoint is tried again with growing
waits, from where it failed; after the last try, or where the address is one that must not be
called, the Subscription's status becomes `error` until the app asks for it anew.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic
from traceback import extract_tb

from django.conf import settings
from django.db import connection as database
from django.db.models import Q

from connectors.address_policy import AddressPolicy
from connectors.answer import ask
from connectors.errors import AddressRefused, ConnectorError
from connectors.http import outbound_session
from fhirstore import subscriptions
from fhirstore.errors import FhirError
from fhirstore.subscriptions import Match, Subscribed
from sync.due import EARLY
from sync.models import SubscriptionState

logger = logging.getLogger(__name__)

TRIES = 5
LEASE = timedelta(minutes=2)
TAKE_FOR = 45.0
"""Seconds for which one pass takes up further Subscriptions; the next tick brings another."""
_SILENT = -1
"""`seq` of a Subscription that is off: asked for again, it begins with what comes then."""
SECONDS = (5.0, 10.0)
"""To connect, and to wait for the answer."""

Clock = Callable[[], datetime]

_DUE = f"""
select r.owner, r.vers, r.version, convert_to(r.body, 'UTF8')
  from fhir_resource r
  left join sync_subscriptionstate s on s.owner = r.owner and s.fid = r.fid
   and s.fhir_version = case r.vers when 1 then 'dstu2' when 2 then 'stu3' else 'r4' end
 where r.rtype = {subscriptions.NUMBER} and r.src is null
   and (s.id is null or s.due <= %(soon)s and (s.lease_until is null or s.lease_until < %(now)s))
 order by s.due nulls first limit 100
"""
_ANY = f"select exists (select 1 from fhir_resource where rtype = {subscriptions.NUMBER})"
_GONE = f"""
delete from sync_subscriptionstate s where not exists (
  select 1 from fhir_resource r
   where r.owner = s.owner and r.fid = s.fid and r.rtype = {subscriptions.NUMBER})
"""


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What a pass did: Subscriptions looked at, resources sent, failures."""

    looked: int = 0
    sent: int = 0
    failed: int = 0


def any_subscription() -> bool:
    """Whether there is a Subscription at all: one look into a small index."""
    with database.cursor() as cursor:
        cursor.execute(_ANY)
        return bool(cursor.fetchone()[0])


def deliver(*, clock: Clock) -> Delivered:
    """Look at every Subscription that is due, and send what there is to send."""
    begun = monotonic()
    looked = sent = failed = 0
    while monotonic() - begun < TAKE_FOR:
        before = looked
        for asked in _due(clock()):
            state = _claim(asked, clock())
            if state is not None:
                looked += 1
                told, went_well = _look(asked, state, clock)
                sent += told
                failed += not went_well
            if monotonic() - begun >= TAKE_FOR:
                break
        if looked == before:
            break
    return Delivered(looked=looked, sent=sent, failed=failed)


def _due(now: datetime) -> list[Subscribed]:
    soon = now + min(EARLY, _period() / 4)
    with database.cursor() as cursor:
        cursor.execute(_GONE)
        cursor.execute(_DUE, {"soon": soon, "now": now})
        return [
            subscriptions.read(owner=owner, vers=vers, number=number, body=bytes(body))
            for owner, vers, number, body in cursor.fetchall()
        ]


def _claim(asked: Subscribed, now: datetime) -> SubscriptionState | None:
    """Take the Subscription for this pass; None where another worker has it."""
    state, _ = SubscriptionState.objects.get_or_create(
        owner=asked.owner,
        fhir_version=asked.version,
        fid=asked.fid,
        defaults={"seq": subscriptions.last_change(asked), "due": now},
    )
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    state.lease_until = now + LEASE
    taken = SubscriptionState.objects.filter(free, pk=state.pk, due=state.due)
    return state if taken.update(lease_until=state.lease_until) else None


def _look(asked: Subscribed, state: SubscriptionState, clock: Clock) -> tuple[int, bool]:
    """Serve one Subscription; answers how many resources were sent, and whether all went well."""
    sent = 0
    now = clock()
    try:
        if asked.status in (subscriptions.OFF, subscriptions.ERROR):
            # Once it is asked for anew, what was missed since an error is told; not so after `off`.
            if asked.status == subscriptions.OFF:
                state.seq = _SILENT
            state.failures = 0
        elif asked.problem:
            raise _Hopeless(asked.problem)
        else:
            if asked.status == subscriptions.REQUESTED:
                state.failures = 0
                if state.seq == _SILENT:
                    state.seq = subscriptions.last_change(asked)
                number = subscriptions.set_status(
                    asked, status=subscriptions.ACTIVE, error="", now=now
                )
                if number is None:
                    _release(state, due=now)  # it was changed this very moment
                    return 0, True
                asked = replace(asked, status=subscriptions.ACTIVE, number=number)
            for upto, matches in subscriptions.changes(asked, after=state.seq, now=now):
                for match in matches:
                    _send(asked, match)
                    sent += 1
                    if not _keep(state, seq=match.seq, clock=clock):
                        return sent, True
                if not _keep(state, seq=upto, clock=clock):
                    return sent, True
            state.failures = 0
    except (ConnectorError, FhirError, _Refused, _Hopeless) as error:
        _failed(asked, state, str(error), error, clock())
        return sent, False
    except Exception as error:
        # Whatever it is, it is this Subscription's: those of others are not to wait for it.
        _failed(asked, state, "the server could not serve it", error, clock())
        return sent, False
    _release(state, due=clock() + _period())
    return sent, True


class _Refused(Exception):
    """The endpoint answered with something else than success."""


class _Hopeless(Exception):
    """What no further try can mend."""


def _send(asked: Subscribed, match: Match) -> None:
    names = frozenset(name.lower() for name in settings.ALLOWED_OUTBOUND_HOSTS)
    session = outbound_session(AddressPolicy(names))
    headers = {**dict(asked.headers), "Content-Type": asked.payload}
    response = ask(
        session,
        "POST",
        asked.endpoint,
        data=match.body,
        headers=headers,
        timeout=SECONDS,
        allow_redirects=False,
    )
    if not 200 <= response.status_code < 300:
        raise _Refused(f"the endpoint answered HTTP {response.status_code}")


def _failed(
    asked: Subscribed, state: SubscriptionState, told: str, error: Exception, now: datetime
) -> None:
    """`told`: what the app is told of the error. The log names its kind and place only: its text
    may be made of data."""
    state.failures += 1
    place = extract_tb(error.__traceback__)[-1]
    logger.warning(
        "a subscription could not be served: %s in %s, line %s",
        type(error).__name__,
        place.name,
        place.lineno,
        extra={"owner": asked.owner, "subscription": asked.fid, "failures": state.failures},
    )
    if state.failures >= TRIES or isinstance(error, AddressRefused | _Hopeless):
        subscriptions.set_status(asked, status=subscriptions.ERROR, error=told, now=now)
        _release(state, due=now + _period())
    else:
        wait = min(timedelta(minutes=1) * 2 ** (state.failures - 1), _period())
        _release(state, due=now + wait)


def _keep(state: SubscriptionState, *, seq: int, clock: Clock) -> bool:
    """Write how far it came and renew the claim; False where the claim was lost."""
    until = clock() + LEASE
    mine = SubscriptionState.objects.filter(pk=state.pk, lease_until=state.lease_until)
    if not mine.update(seq=seq, lease_until=until):
        return False
    state.seq, state.lease_until = seq, until
    return True


def _release(state: SubscriptionState, *, due: datetime) -> None:
    mine = SubscriptionState.objects.filter(pk=state.pk, lease_until=state.lease_until)
    mine.update(seq=state.seq, failures=state.failures, due=due, lease_until=None)


def _period() -> timedelta:
    return timedelta(seconds=settings.SUBSCRIPTION_SECONDS)
