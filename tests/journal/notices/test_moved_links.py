"""What was agreed with old keys or over an old care link sends nothing; what went stays open for whom it went to."""

from __future__ import annotations

from uuid import uuid4

from journal.account_reset import reset as account_reset
from journal.account_reset import retained_records
from journal.authentication import sign_in
from journal.care import links, tables
from journal.notices import agreements, inbox, states
from journal.notices.lines import Outcome
from journal.standing import standing
from tests.cast import PASSWORDS, Cast
from tests.journal.account_reset.test_reset import NEW, offered, restarted
from tests.journal.notices.test_agreements import agreed, force
from tests.journal.notices.test_notices import choose, due, open_of, said, state, told
from tests.scenes import connected, read_by, signed_in_again


async def test_what_waits_over_a_link_that_is_renewed_goes_nowhere_and_says_so(cast: Cast):
    """A new link is no old one: what was written is withheld, and nothing is in force until both agree anew."""
    await agreed(cast)
    entry = await choose(cast, 1, uuid4())
    await account_reset.renew_link(await cast.actor("alice"), await offered(cast))
    cast.clock.forward(minutes=11)
    await due(cast)
    found = await state(cast, entry)
    assert said(found) == [states.NOBODY, states.COULD_NOT["ended"]]
    assert not found.is_told
    assert await open_of(cast) == ()
    assert await tables.NoticePolicy.all().count() == 0
    (link,) = await links.load_my_links(await cast.actor("alice"))
    await agreed(cast, link.id)
    there = await force(cast)
    assert there is not None
    assert there.line.link == link.id


async def test_what_is_open_stays_open_over_a_link_that_is_renewed(cast: Cast):
    """Also where it went to the backup; whoever acknowledges it does so over the new link."""
    theirs = await connected(cast, "charlie")
    await agreed(cast, backup=theirs)
    entry = await choose(cast, 1, uuid4())
    cast.clock.forward(minutes=11)
    await due(cast)
    cast.clock.forward(hours=25)
    await signed_in_again(cast)
    await due(cast)
    for who in ("bob", "charlie"):
        await account_reset.renew_link(await cast.actor("alice"), await offered(cast, who))
    for who, first in (("bob", ""), ("charlie", "Bob Example")):
        (one,) = await open_of(cast, who)
        assert (one.is_damaged, one.is_backup, one.first) == (False, who == "charlie", first)
    assert states.SENT in said(await state(cast, entry))
    charlie, alice = await cast.actor("charlie"), await cast.actor("alice")
    await inbox.acknowledge(charlie, alice.id, [one.id], "We spoke.")
    assert (await state(cast, entry)).words == "We spoke."
    assert await open_of(cast) == ()


async def test_nothing_agreed_on_or_given_before_a_reset_sends_anything(cast: Cast):
    """Not with the clinician who helped, nor any other; not when what was set aside comes back; and it is told."""
    theirs = await connected(cast, "charlie")
    await agreed(cast, backup=theirs)
    for link in (cast.link, theirs):
        await standing.give_standing(await cast.actor("alice"), link, "phq9")
    waiting = await choose(cast, 1, uuid4())
    assert not await read_by(cast, "charlie")
    alice = await restarted(cast, await offered(cast))
    await account_reset.renew_link(alice, await offered(cast, "charlie"))
    await retained_records.restore_records(await cast.actor("alice"), PASSWORDS["alice"])
    cast.clock.forward(hours=25)
    for who, password in (PASSWORDS | {"alice": NEW}).items():
        signed_in = await sign_in.sign_in(cast.installation, f"{who}@example.org", password)
        cast.tokens[who] = signed_in.token
    await due(cast)
    assert await open_of(cast) == await open_of(cast, "charlie") == ()
    found = await state(cast, waiting)
    assert said(found)[:2] == [states.NOBODY, states.COULD_NOT["ended"]]
    entry = await choose(cast, 1, uuid4())
    line = (await told(cast, entry)).line
    assert line is not None
    assert line.outcome is Outcome.ENDED
    assert not await read_by(cast, "bob")
    assert not await read_by(cast, "charlie")
    for clinician in ("bob", "charlie"):
        seen = await agreements.load_agreement(await cast.actor(clinician), alice.id)
        assert (seen.agreed, seen.proposed) == (None, None)


async def test_what_was_open_at_a_reset_stays_open(cast: Cast):
    """The clinician who handed the link over still has it on top, and acknowledges it."""
    await agreed(cast)
    await choose(cast, 1, uuid4())
    cast.clock.forward(minutes=11)
    await due(cast)
    alice = await restarted(cast, await offered(cast))
    (one,) = await open_of(cast)
    assert not one.is_damaged
    await inbox.acknowledge(await cast.actor("bob"), alice.id, [one.id], "We spoke.")
    assert await open_of(cast) == ()
