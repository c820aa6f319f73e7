"""Filing: allowed by the patient alone, done by the clinician alone, of what was read alone, and seen by both."""

from __future__ import annotations

from uuid import UUID

import pytest

from journal.audit import events as audit_events
from journal.audit.acts import Act
from journal.care import tables
from journal.entries import entries
from journal.errors import HeldUntilRested, NotFound, StaleRevision
from journal.records.disclosures import list_disclosures
from journal.sharing import ends, reading, shares, terms
from journal.sharing.shares import OutgoingShare
from journal.sharing.talked import compute_digest
from tests.cast import NOON, Cast
from tests.scenes import (
    PARTS,
    at_rest,
    connected,
    in_session,
    opened_by,
    rewritten,
    shared,
    signed_in_again,
    written,
)


async def share(cast: Cast, may_file: bool = True) -> UUID:
    """Have alice share a new entry with bob."""
    entry, alice = await written(cast), await cast.actor("alice")
    return await shares.share_entry(
        alice, entry.id, cast.link, PARTS, previewed=entry.revision, may_file=may_file
    )


async def load(cast: Cast) -> OutgoingShare:
    """Return what alice shares."""
    (one,) = await shares.list_shares(await cast.actor("alice"))
    return one


async def file(cast: Cast, wanted: UUID, revision: int = 1, who: str = "bob") -> None:
    """Have a clinician file a copy."""
    alice = await cast.actor("alice")
    await terms.file_share(await cast.actor(who), alice.id, wanted, revision)


async def test_what_is_not_allowed_is_not_filed(cast: Cast) -> None:
    """Nothing is allowed unless its patient says so, and no longer once they take it back."""
    wanted = await shared(cast, await written(cast))
    await opened_by(cast, "bob", wanted)
    assert not (await load(cast)).may_file
    with pytest.raises(terms.FilingNotAllowed):
        await file(cast, wanted)
    await terms.change_terms(await cast.actor("alice"), wanted, None, True)
    await terms.change_terms(await cast.actor("alice"), wanted, None, False)
    with pytest.raises(terms.FilingNotAllowed):
        await file(cast, wanted)
    assert (await at_rest(tables.Share, wanted))["filed"] is None


async def test_the_very_version_that_was_read_is_filed_once(cast: Cast) -> None:
    """Both see when, and the digest of what it held; a newer version is another one, once it was read."""
    wanted = await share(cast)
    with pytest.raises(StaleRevision):
        await file(cast, wanted)  # not opened yet
    await opened_by(cast, "bob", wanted)
    await file(cast, wanted)
    await file(cast, wanted)
    (one,) = (await load(cast)).filings
    bob, alice = await cast.actor("bob"), await cast.actor("alice")
    _, theirs = await reading.read_share(bob, alice.id, wanted)
    assert (theirs.filed, one.digest) == (one, compute_digest(theirs.document))
    entry = await rewritten(cast, await _load_entry(cast), **{"int.meaning": "More."})
    await shares.share_entry(
        await cast.actor("alice"), entry.id, cast.link, PARTS, previewed=2, may_file=True
    )
    with pytest.raises(StaleRevision):
        await file(cast, wanted)
    await opened_by(cast, "bob", wanted)
    await file(cast, wanted, 2)
    assert [each.revision for each in (await load(cast)).filings] == [1, 2]


async def test_it_is_a_disclosure_and_the_log_outlasts_the_copy(cast: Cast) -> None:
    """A revoked copy is gone, filed or not; that it was filed stays in the log and in the accounting."""
    wanted = await share(cast)
    await opened_by(cast, "bob", wanted)
    await file(cast, wanted)
    await shares.revoke_share(await cast.actor("alice"), wanted)
    alice = await cast.actor("alice")
    assert await tables.Share.all().count() == 0
    with pytest.raises(NotFound):
        await file(cast, wanted)
    events = await audit_events.list_patient_events(alice.id, limit=9)
    assert [one.object_id for one in events if one.action is Act.SHARE_FILED] == [wanted]
    assert Act.SHARE_FILED in [one.act for one in await list_disclosures(alice)]


async def test_nobody_else_files_it(cast: Cast) -> None:
    """Neither another clinician of hers, nor its patient."""
    await connected(cast, "charlie")
    wanted = await share(cast)
    await opened_by(cast, "bob", wanted)
    for who in ("charlie", "alice", "dana"):
        with pytest.raises(NotFound):
            await file(cast, wanted, who=who)


async def test_in_a_hold_filing_is_taken_back_and_not_allowed(cast: Cast) -> None:
    """To allow it waits until rest; to take it back never does."""
    wanted = await share(cast)
    await in_session(cast)
    await terms.change_terms(await cast.actor("alice"), wanted, None, False)
    with pytest.raises(HeldUntilRested):
        await terms.change_terms(await cast.actor("alice"), wanted, None, True)
    assert not (await load(cast)).may_file


async def test_what_ended_is_not_filed(cast: Cast) -> None:
    """Not even between its end and the job that deletes it."""
    wanted = await share(cast)
    await opened_by(cast, "bob", wanted)
    await terms.change_terms(await cast.actor("alice"), wanted, NOON.date(), True)
    end = (await load(cast)).end
    assert end is not None
    cast.clock.now = end.moment
    await signed_in_again(cast)
    for _ in range(2):
        with pytest.raises(reading.ShareOver):
            await file(cast, wanted)
        await ends.end_due(cast.installation)


async def _load_entry(cast: Cast):
    return await entries.load_entry(await cast.actor("alice"), (await load(cast)).entry)
