"""
Every table put back to an earlier moment, one at a time and all together; with and without the server key.

Three notice it: whoever opens a page of theirs, in the browser in which they saw more; whoever compares the log with a
head that they kept elsewhere; whoever compares the accounts with it. `NOTICED` says which of them does, table by table,
and `UNNOTICED` what a table that nobody misses can do. A new table fails until it stands in one of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from pathlib import Path
from uuid import uuid4

import pytest

from journal.audit import log as audit_log
from journal.audit.acts import Act
from journal.audit.chain_worker import AuditChainWorker
from journal.audit.verification import Head, verify_log
from journal.operations.account_marks import AccountMark, compare_marks, find_deleted, load_marks
from journal.operations.restoration import announce_restoration
from journal.store.foreign_objects import load_models
from tests.attacks import test_swapped
from tests.attacks.conftest import BEGINNINGS, Target
from tests.attacks.test_swapped import AS_LEFT, COPY, DAMAGED, KEYS, STRANGE
from tests.cast import NAMES, Furniture
from tests.factors import enrolled

SEEN = "hearthside-seen"
FURTHER = "It had come further then than it is now"
UNANNOUNCED = "Your practice announced no restored backup"
SENTENCES = (
    *(FURTHER, *DAMAGED, *COPY, *KEYS, *STRANGE, *AS_LEFT),
    "is missing or cannot be opened",
    "A reply is missing here",
)
PAGES, LOG, ACCOUNTS = "pages", "log", "accounts"
NOTICED: dict[str, set[str]] = {
    "account": {PAGES, ACCOUNTS},
    "audit_event": {PAGES, LOG},
    "audit_head": {LOG},
    "care_link": {PAGES},
    "contents": {PAGES},
    "entry": {PAGES},
    "entry_revision": {PAGES},
    "key_renewal": {PAGES},
    "record_state": {PAGES, ACCOUNTS},
    "reply": {PAGES},
    "second_factor": {PAGES, ACCOUNTS},
    "share": {PAGES},
    "witness": {PAGES, ACCOUNTS},
}
ENDED_BY_ACCESS = "opens nothing: what opens an account is sealed in its row, at its epoch"
PLAN = (
    "the plan is under the server key, and nobody counts its rows: both read the earlier one on their pages"
)
SIGNED = (
    "an earlier text of the clinic's, signed as it was then; each version has its number, and both read it"
)
OWN = "what its one owner keeps for themselves: older or not there, and nobody else reads anything by it"
OF_CLINICIANS = (
    "a clinician's come back older or are gone, and no page tells: their account remembers no records"
)
OPEN_AGAIN = (
    "a link that was used or withdrawn opens again for whoever has its secret, until its day; the log tells"
)
WITNESS = "noticed at the next sign-in: test_witness.py; no page looks at it before"
NO_MESSAGE = "decides what is sent or offered, and nothing that anybody reads"
UNNOTICED: dict[str, str] = {
    "audit_key": "it never changes",
    "audit_lease": "which worker chains the log",
    "audit_pending": "events that were not chained yet: they are in it within two seconds",
    "audit_verified": "how far a command has read the log; a head that is kept elsewhere counts",
    "calendar_feed": OPEN_AGAIN,
    "call_contact": PLAN,
    "care_note": SIGNED,
    "contents_text": "made from entries, and made anew",
    "course": PLAN,
    "device_copy": "which browsers keep a copy of a safety plan: the copy is in the browser",
    "given_back": "returned by a clinician, offered until its owner takes it",
    "handover": "an agreed change of clinicians ends at its expiry, and needs both signatures",
    "heartbeat": "when the service last ran",
    "import_part": OWN,
    "import_run": OWN,
    "instructions_version": SIGNED,
    "invitation": OPEN_AGAIN,
    "kap_session": PLAN,
    "kept_share": "what a clinician may give back",
    "key_log": WITNESS,
    "key_slot": ENDED_BY_ACCESS,
    "link_head": WITNESS,
    "link_renewal": "needed only until what was shared is sealed under a link's new key",
    "notice_policy": "both sign it: tests/journal/notices",
    "outbox": NO_MESSAGE,
    "own_note": OF_CLINICIANS,
    "packet": f"{OF_CLINICIANS}; of a patient's: {OWN}",
    "passkey": ENDED_BY_ACCESS,
    "patient_notice": "signed by its patient; the log says what was sent",
    "plan_key": "drawn anew with its patient's next page, from a link's copy; else words say that they are closed",
    "practice": "its name and telephone number of before",
    "reading_hours": PLAN,
    "reminder_slot": NO_MESSAGE,
    "reply_draft": OWN,
    "set_aside": OWN,
    "set_aside_record": OWN,
    "set_aside_slot": OWN,
    "setup_link": OPEN_AGAIN,
    "sitter_link": OPEN_AGAIN,
    "sitter_note": "words of a sitter that their patient did not keep yet",
    "spent_challenge": "a passkey's answer counts for five minutes, and for its own browser",
    "succession": "without it the other side sees changed keys, and compares the code",
    "talk_item": SIGNED,
    "talk_set": OF_CLINICIANS,
    "throttle": "tries of the last hour are forgotten",
    "web_session": "a session that ended lives again for whoever has its cookie, until a change of keys",
    "worker": "which worker counts what",
}


@dataclass
class Kept:
    """What is kept outside the database: cookies of browsers, and a head."""

    cookies: dict[str, str]
    head: Head
    marks: Sequence[AccountMark]


async def keep(target: Target) -> Kept:
    """Have everybody open a page, and write a head."""
    cookies = {}
    for name in BEGINNINGS.keys() | NAMES:
        async with target.client(name) as browser:
            await browser.get("/account")
            cookies[name] = next(one.value or "" for one in browser.cookies.jar if one.name == SEEN)
    report = await verify_log(target.portal.cast.installation)
    return Kept(cookies, report.head, list((await load_marks()).values()))


async def read(target: Target, kept: Kept) -> dict[tuple[str, str], str]:
    """Return what everybody reads on their pages, in the browsers that saw them before."""
    known, found = test_swapped.names(target), {}
    for name, paths in BEGINNINGS.items():
        async with target.client(name) as browser:
            browser.cookies.set(SEEN, kept.cookies[name], domain="127.0.0.1", path="/")
            for path in paths:
                answer = await browser.get(path.format_map(known))
                assert answer.status_code < 500, path
                found[name, path] = unescape(answer.text)
    return found


async def first_page(target: Target, kept: Kept, name: str) -> str:
    """Return what somebody reads first, in the browser that saw their account before."""
    async with target.client(name) as browser:
        browser.cookies.set(SEEN, kept.cookies[name], domain="127.0.0.1", path="/")
        return unescape((await browser.get("/")).text)


async def notice(target: Target, kept: Kept, before: dict[tuple[str, str], str]) -> set[str]:
    """Return who notices something that was not so *before*."""
    found = set()
    for place, text in (await read(target, kept)).items():
        if any(one in text and one not in before[place] for one in SENTENCES):
            found.add(PAGES)
    if (await verify_log(target.portal.cast.installation, [kept.head])).chain_break is not None:
        found.add(LOG)
    if compare_marks(kept.marks, await load_marks(), await find_deleted(kept.head.sequence)):
        found.add(ACCOUNTS)
    return found


def put_back(path: Path, older: Path, tables: Sequence[str]) -> bool:
    """Put these tables back from an older file; returns whether anything in them was another."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("ATTACH ? AS older", (str(older),))
        changed = False
        for table in tables:
            now, then = (
                set(map(repr, connection.execute(f"SELECT * FROM {file}.{table}")))
                for file in ("main", "older")
            )
            changed = changed or now != then
            connection.execute(f"DELETE FROM main.{table}")
            connection.execute(f"INSERT INTO main.{table} SELECT * FROM older.{table}")
        connection.commit()
    return changed


def copy(source: Path, place: Path) -> None:
    """Copy a whole database behind the service's back."""
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(place)) as other:
        one.backup(other)


async def use_factor(target: Target) -> None:
    """Have alice turn on her second factor, as of now."""
    await enrolled(target.portal.cast, "alice")


async def test_one_table_put_back_is_noticed(
    target: Target, furnished_sqlite: tuple[Path, Furniture], tmp_path: Path
) -> None:
    """Each as it was before the world's people did anything: those whom `NOTICED` names say so, and nobody else."""
    await use_factor(target)
    kept, whole = await keep(target), tmp_path / "whole.sqlite3"
    before = await read(target, kept)
    assert await notice(target, kept, before) == set()
    copy(target.path, whole)
    found: dict[str, set[str]] = {}
    for table in sorted(NOTICED.keys() | UNNOTICED):
        put_back(target.path, furnished_sqlite[0], [table])
        found[table] = await notice(target, kept, before)
        copy(whole, target.path)
    assert {table: who for table, who in found.items() if who} == NOTICED
    assert {table for table, who in found.items() if not who} == UNNOTICED.keys()
    assert found.keys() == {model._meta.db_table for model in load_models()}


@pytest.mark.parametrize("has_key", [False, True], ids=["without the server key", "with the server key"])
async def test_everything_put_back_is_noticed(
    target: Target, furnished_sqlite: tuple[Path, Furniture], has_key: bool
) -> None:
    """
    The whole database: everybody's browser says so, and a kept head does for the log and for the accounts.

    Whoever has the server key announces a backup that nobody restored, and goes on with the log until it is longer than
    it was: whose own account had come further reads it all the same, and the head is not the one that was kept.
    """
    await use_factor(target)
    kept = await keep(target)
    before = await read(target, kept)
    copy(furnished_sqlite[0], target.path)
    if has_key:
        installation = target.portal.cast.installation
        await announce_restoration(installation, installation.clock() - timedelta(days=1))
        await target.portal.app.state.practice.reload(installation)
        worker = AuditChainWorker(installation, uuid4())
        while (await verify_log(installation)).head.sequence <= kept.head.sequence:
            for _ in range(50):
                await audit_log.record_unauthenticated_event(
                    installation, target.world.people["alice"], Act.SIGNED_IN
                )
            await worker.chain_pending()
    assert await notice(target, kept, before) == {PAGES, LOG, ACCOUNTS}
    told = {name: await first_page(target, kept, name) for name in NAMES}
    noticed = {name for name in NAMES if FURTHER in told[name]}
    assert noticed == ({"alice", "dana"} if has_key else NAMES.keys() - {"bob"})
    assert {name for name in NAMES if UNANNOUNCED in told[name]} == (set() if has_key else noticed)
    assert "Sign in" in told["bob"]  # his session is of keys that came later, and his password may be as well
