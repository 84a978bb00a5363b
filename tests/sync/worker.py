"""`python -m tests.sync.worker URL`: a worker of its own process, which takes what is due and pulls
it from the hospital at URL. Killed by a test, with a signal nobody can catch.
"""

from __future__ import annotations

import sys

import django

if __name__ == "__main__":
    django.setup()

    from accounts import clock
    from sync.batch import run_claims
    from sync.due import claim_due
    from tests.sync.hospital import opener

    claims = claim_due(now=clock.now(), limit=10)
    print(f"claimed {len(claims)}", flush=True)
    run_claims(claims=claims, clock=clock.now, opener=opener(sys.argv[1]))
