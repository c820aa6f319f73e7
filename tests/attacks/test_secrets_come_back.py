"""Forms as their pages make them, with secrets typed into each field for one: no answer holds them, whoever refuses."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote, quote_plus

import pytest

from journal.authentication import tables as authentication_tables
from journal.rate_limiting import tables as rate_limiting_tables
from portal.routes import ROUTES, Rule
from tests.attacks.browse import Sent
from tests.attacks.conftest import Target
from tests.attacks.test_routes import OWNERS, address
from tests.portal.web.test_pending_fields import SECRET

WITH_FORMS = [rule for rule in ROUTES if "POST" in rule.methods]
TYPED = {name: f"Seven quiet lanterns & {name.replace('_', ' ')}" for name in SECRET}
STATES = ("as it is", "not asked lately", "locked", "over", "of nobody")


@pytest.mark.parametrize("state", STATES)
async def test_no_secret_comes_back_from_a_form_of_ours(
    target: Target, forms: dict[str, Sent], state: str
) -> None:
    """Every form, in every state of a session in which it can be refused."""
    sessions, found = await authentication_tables.WebSession.all(), []
    for rule in WITH_FORMS:
        await rate_limiting_tables.Throttle.all().delete()
        await authentication_tables.WebSession.all().delete()
        await authentication_tables.WebSession.bulk_create(sessions)
        await bring_about(state)
        who = None if state == "of nobody" else OWNERS[rule.audience]
        found += [(state, rule.path, name) for name in await given_back(target, forms, rule, who)]
    assert found == []


async def bring_about(state: str) -> None:
    """Let every session be as the state says."""
    every = authentication_tables.WebSession.all()
    if state == "not asked lately":
        await every.update(confirmed_at=None)
    elif state == "locked":
        await every.update(wrapped=None)
    elif state == "over":
        for one in await every:
            await authentication_tables.WebSession.filter(id=one.id).update(
                expires_at=one.created_at - timedelta(days=1)
            )


async def given_back(target: Target, forms: dict[str, Sent], rule: Rule, who: str | None) -> list[str]:
    """Send the form of a rule with secrets in it; return the names of those that came back, in any spelling."""
    sent = [(name, value) for name, value in forms[rule.path] if name not in SECRET]
    async with target.portal.client(who) as browser:
        answer = await browser.post(address(rule, target.world), data=dict(sent) | TYPED)
    whole = answer.text + "\n".join(answer.headers.values())
    return [
        name
        for name, value in TYPED.items()
        if any(one in whole for one in (value, value.replace("&", "&amp;"), quote(value), quote_plus(value)))
    ]
