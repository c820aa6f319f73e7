"""
The cast: patient alice, her therapist bob, outsider therapist charlie, outsider patient dana, administrator erin.

Everybody is signed in. The furnished database is made once a session and copied for each test.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from journal.actor import Actor
from journal.audit.chain_worker import AuditChainWorker
from journal.authentication import recovery_key, registration, web_sessions
from journal.authentication import tables as authentication_tables
from journal.authentication.registration import NewAccount
from journal.care import invitations
from journal.installation.installation import Installation
from journal.practice import practice
from journal.practice import registration as staff_registration
from journal.roles import ADMINISTRATOR, THERAPIST, Role
from journal.store.database import Store, execute

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SERVER_KEY = bytes(range(32))
PRACTICE = "Quiet Practice"
NAMES = {
    "alice": "Alice Sample",
    "bob": "Bob Example",
    "charlie": "Charlie Outsider",
    "dana": "Dana Placeholder",
    "erin": "Erin Keeper",
}
PASSWORDS = {name: f"{name} keeps the lamp lit" for name in NAMES}
ZONE = "Europe/Berlin"


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        """Move on, by the arguments of `timedelta`."""
        self.now += timedelta(**by)


@dataclass(frozen=True)
class Furniture:
    """What a test cannot read from the database: the session tokens and ids of a furnished one."""

    tokens: dict[str, bytes]
    link: UUID


@dataclass
class Cast:
    """Everybody, in an open database."""

    clock: Clock
    installation: Installation
    tokens: dict[str, bytes]
    link: UUID

    async def actor(self, name: str) -> Actor:
        """Load somebody as a request of theirs would, at the clock's time; their browser was never left alone."""
        await self.in_use()
        actor = await web_sessions.load_actor(self.installation, self.tokens[name])
        assert actor is not None
        return actor

    async def later(self, **by: float) -> None:
        """Let time pass, by the arguments of `timedelta`, also for what is counted by the database's own clock."""
        self.clock.forward(**by)
        passed = timedelta(**by) // timedelta(milliseconds=1)
        await execute(f"UPDATE throttle SET until = until - {passed}, forgotten = forgotten - {passed}")

    async def in_use(self) -> None:
        """Have every browser have been used all the time until now."""
        await authentication_tables.WebSession.all().update(used_at=self.clock.now)

    async def just_asked(self) -> None:
        """Have everybody have typed their password again just now."""
        await authentication_tables.WebSession.all().update(
            used_at=self.clock.now, confirmed_at=self.clock.now
        )


def new_account(name: str) -> NewAccount:
    """What *name* types to open an account."""
    return NewAccount(NAMES[name], f"{name}@example.org", PASSWORDS[name], PASSWORDS[name], ZONE)


def cast_of(furniture: Furniture, clock: Clock | None = None) -> Cast:
    """Bring the cast of a furnished database to life."""
    clock = clock or Clock()
    return Cast(
        clock,
        Installation.with_key(SERVER_KEY, clock=clock, quick=True),
        dict(furniture.tokens),
        furniture.link,
    )


async def just_come_in() -> None:
    """Have everybody's browser have been used, and its owner asked for the password, just before the tests begin."""
    await authentication_tables.WebSession.all().update(used_at=NOON, confirmed_at=NOON)


async def furnish(url: str) -> Furniture:
    """Let the practice, the people and one care link come about in the migrated database at *url*."""
    installation = Installation.with_key(SERVER_KEY, clock=Clock(NOON - timedelta(hours=1)), quick=True)
    store = await Store.open(url)
    tokens = {}
    try:
        with store.use():
            for name, position in (("bob", THERAPIST), ("charlie", THERAPIST), ("erin", ADMINISTRATOR)):
                link = await practice.create_setup_link(installation, position)
                tokens[name] = await staff_registration.register_staff(
                    installation, link, PRACTICE, new_account(name)
                )
            for name in ("alice", "dana"):
                readied = await registration.prepare_account(installation, new_account(name))
                await registration.create_account(installation, Role.PATIENT, readied)
                tokens[name] = await web_sessions.start_session(installation, readied.id, readied.account_key)
            for token in tokens.values():
                actor = await web_sessions.load_actor(installation, token)
                assert actor is not None
                offer = await recovery_key.offer_recovery_key(actor)
                await recovery_key.confirm_recovery_key(actor, token, offer.sealed, offer.formatted_key)
            bob, alice = [
                await web_sessions.load_actor(installation, tokens[name]) for name in ("bob", "alice")
            ]
            assert bob is not None
            assert alice is not None
            invited = await invitations.create_invitation(bob, "Alice")
            care_link = await invitations.accept_invitation(alice, invited.token)
            await AuditChainWorker(installation, uuid4()).release()  # as a service that ran, and ended
            await just_come_in()
            return Furniture(tokens, care_link)
    finally:
        await store.close()
