"""What is still in a process's hands after everybody has looked at everything: no word that a person's key opened."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, MethodType, ModuleType

from crypto import Keyring
from journal.accounts.profiles import Profile
from journal.actor import Actor
from journal.care.documents import ShareDocument
from journal.sessions import plan_key
from journal.sessions.rows import Plan, Session
from journal.vault.documents import EntryDocument, RevisionDocument
from portal.views.journal.search_hits import Hit, MarkedPiece
from portal.views.journal.timeline import TimelineLine
from portal.views.sessions.plan_layout import PlanLayout
from tests.attacks import browse
from tests.attacks.conftest import BEGINNINGS, Target
from tests.attacks.world import HERS, OTHERS, PLANNED

CODE = (BuiltinFunctionType, CodeType, FrameType, FunctionType, MethodType, ModuleType, type)
"""What holds the program, and with it the words of these tests."""


def held_by(*roots: object) -> list[object]:
    """Everything that can be reached from *roots* without going through code."""
    seen, waiting = {}, list(roots)
    while waiting:
        one = waiting.pop()
        if id(one) not in seen and not isinstance(one, CODE):
            seen[id(one)] = one
            waiting += gc.get_referents(one)
    return list(seen.values())


def telling(things: list[object], word: str) -> list[object]:
    """The texts among *things* that hold *word*."""
    found = word.lower()
    return [
        one
        for one in things
        if (isinstance(one, str) and found in one.lower())
        or (isinstance(one, bytes) and found.encode() in one.lower())
    ]


@contextmanager
def without_collecting() -> Iterator[None]:
    """Have Python not look for what is held by nothing but itself."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def test_nothing_that_a_persons_key_opened_is_held(target: Target) -> None:
    """
    Entries, copies and keys are gone with the page; the plan and names are there, so the search would find them.

    Nothing waits until Python looks for circles either: meanwhile it does not.
    """
    state, people = target.portal.app.state, target.world.ids | target.world.people
    held = (Actor, EntryDocument, RevisionDocument, ShareDocument, Keyring, TimelineLine, Hit)
    with without_collecting():
        of_other_tests = [one for one in gc.get_objects() if isinstance(one, held)]
        for name, begin in BEGINNINGS.items():
            async with target.client(name) as browser:
                pages = await browse.walk(browser, [path.format_map(people) for path in begin])
            if name == "alice":
                assert any(HERS in page.text for page in pages)
            del pages
        known = {id(one) for one in of_other_tests}
        left = [type(one) for one in gc.get_objects() if isinstance(one, held) and id(one) not in known]
        assert left == []
    things = held_by(state.installation, state.store, target.portal.app)
    for word in (HERS, OTHERS):
        assert telling(things, word) == []
    secret = (Actor, EntryDocument, RevisionDocument, ShareDocument, Keyring, TimelineLine, Hit, MarkedPiece)
    assert [one for one in things if isinstance(one, secret)] == []
    parts = {one for one in things if isinstance(one, bytes)}
    for name, token in target.portal.cast.tokens.items():
        if name in BEGINNINGS:
            keyring = (await target.portal.cast.actor(name)).keyring
            assert not parts & {token, keyring.vault, keyring.pins, keyring.identity_wrap}
    assert telling(things, PLANNED) == []  # neither what is written of sessions and courses
    alice = await target.portal.cast.actor("alice")
    assert await plan_key.load_or_draw(alice) not in parts
    remembered = [one for _, one in state.installation.server_keys.document_cache]
    assert {type(one) for one in remembered} == {PlanLayout, Plan, Profile, Session}
    assert telling(held_by(*remembered), "Alice")
    assert len(state.installation.pins) > 1
