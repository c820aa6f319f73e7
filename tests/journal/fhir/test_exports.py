"""Bundles of what was really kept: the demonstration's patient, and the clinicians who read what she shared."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from journal.actor import Actor
from journal.authentication import sign_in, web_sessions
from journal.fhir.exports import Fhir, write_bundles, write_numbers
from journal.installation.installation import Installation
from journal.operations.demo import load_demo
from journal.operations.demo_data import DemoPerson, load_demo_practice
from journal.records.collection import collect_patient_records, collect_shared_records
from journal.store.database import Store, migrate
from tests.cast import SERVER_KEY, Clock
from tests.journal.fhir.reading import list_words
from tests.journal.fhir.validators import Structures, problems

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def signed_in(installation: Installation, who: DemoPerson) -> Actor:
    """Sign somebody of the demonstration in."""
    token = (await sign_in.sign_in(installation, who.email, who.password)).token
    actor = await web_sessions.load_actor(installation, token)
    assert actor is not None
    return actor


async def test_the_demonstration_is_r4_to_whoever_takes_it(tmp_path: Path, structures: Structures) -> None:
    """The patient's bundle and the clinician's, by name and without; none has a word of what was not shared."""
    url = f"sqlite://{tmp_path / 'demo.sqlite3'}"
    await migrate(url)
    store, practice = await Store.open(url), load_demo_practice()
    installation = Installation.with_key(SERVER_KEY, clock=Clock(NOW), quick=True)
    with store.use():
        await load_demo(installation)
        alice, bob = [
            await signed_in(installation, who) for who in (practice.patients[0], practice.clinician)
        ]
        own = await collect_patient_records(alice, "Quiet Practice")
        shared = await collect_shared_records(bob, "Quiet Practice", None)
    await store.close()
    named = [*write_bundles(own, Fhir.NAMED, "0").values(), *write_bundles(shared, Fhir.NAMED, "0").values()]
    hidden = [*write_bundles(own, Fhir.PSEUDONYMOUS, "0").values()]
    for bundle in (*named, *hidden):
        assert problems(json.loads(bundle), structures) == []
    number = next(place for place, one in enumerate(shared.patients, 1) if one.id == alice.id)
    mine, his = ("\n".join(list_words(json.loads(named[place]))) for place in (0, number))
    copies = shared.patients[number - 1].shared
    shared_titles = {one.title for one in copies if not one.is_closed}
    assert [one for one in shared_titles if one not in his] == []
    kept = [
        one.title
        for one in own.entries
        if one.title and one.kind != "safety" and one.title not in shared_titles
    ]
    assert kept
    assert [title for title in kept if title not in mine or title in his] == []
    assert own.account.name in mine
    assert own.account.name not in "\n".join(list_words(json.loads(hidden[0])))
    every, tables = write_numbers(own), write_numbers(shared)
    assert {"measures.csv", "sessions.csv", "check-ins.csv"} <= {name[8:] for name in every}
    for name in every:
        theirs = tables.get(name.replace("/", f"/patient-{number}-"), b"").splitlines()
        assert set(theirs) <= set(every[name].splitlines())  # what is shared is told as its patient has it
    for kind, name in (("check_in", "check-ins"), ("measure", "measures")):
        of_kind = [one for one in copies if one.kind == kind]
        table = tables.get(f"numbers/patient-{number}-{name}.csv", b"")
        assert table.count(b"\r\n") == (len(of_kind) + 1 if of_kind else 0), name
