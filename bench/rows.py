"""Rows that are written past the product: thousands of entries at once, and all that other patients have."""

from __future__ import annotations

import random
import sqlite3
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from uuid import UUID, uuid4

from journal.roles import Role

DATABASE = "hearthside.sqlite3"
FAR = 1_000_000_000  # where strangers' events begin: the chain goes on in front of them
FIRST = datetime(2026, 1, 1, 12, tzinfo=UTC)
SEALED = 1310  # bytes of an entry of 200 words
Row = dict[str, object]


def entry_row(ident: UUID, owner: UUID, sealed: bytes, at: datetime) -> Row:
    """Write the row of an entry that was begun at that time, UTC."""
    written = at.isoformat(" ")
    return {
        "id": str(ident),
        "owner_id": str(owner),
        "revision": 1,
        "sealed": sealed,
        "created_at": written,
        "updated_at": written,
    }


def insert(folder: Path, tables: dict[str, list[Row]]) -> None:
    """Put rows into tables, in one transaction."""
    with sqlite3.connect(folder / DATABASE) as database:
        for table, rows in tables.items():
            names = list(rows[0])
            marks = ", ".join(f":{name}" for name in names)
            database.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)
    database.close()


def add_strangers(folder: Path, total: int, each: int = 100) -> None:
    """
    Put *total* entries of other patients into the database, and with them their plans, shares and logs.

    Nobody opens them, so what they hold is noise as long as the real thing.
    """
    chance = random.Random(total)
    with sqlite3.connect(folder / DATABASE) as database:
        (clinician,) = database.execute("SELECT id FROM account WHERE role = 'clinician'").fetchone()
        (number,) = database.execute("SELECT COALESCE(MAX(id), 0) FROM audit_event").fetchone()
    database.close()
    events = count(max(number, FAR) + 1)
    rows: dict[str, list[Row]] = {
        table: [] for table in ("account", "care_link", "kap_session", "entry", "share", "audit_event")
    }
    for _ in range(total // each):
        owner = uuid4()
        rows["account"].append(_account_row(owner, chance))
        link = _link_row(owner, clinician, chance)
        rows["care_link"].append(link)
        rows["kap_session"] += [_session_row(owner, chance) for _ in range(12)]
        for number in range(each):
            entry = entry_row(uuid4(), owner, chance.randbytes(SEALED), FIRST + timedelta(hours=number))
            rows["entry"].append(entry)
            rows["audit_event"].append(_event_row(next(events), owner, entry))
            if number % 6 == 0:
                rows["share"].append(_share_row(link, entry, chance))
    insert(folder, rows)


def _moment(number: int) -> str:
    return (FIRST + timedelta(hours=number)).isoformat(" ")


def _account_row(owner: UUID, chance: random.Random) -> Row:
    return {
        "id": str(owner),
        "role": Role.PATIENT.value,
        "email_index": chance.randbytes(32).hex(),
        "sealed": chance.randbytes(286),
        "public_identity": chance.randbytes(1249),
        "identity": chance.randbytes(286),
        "epoch": 1,
        "access": chance.randbytes(158),
        "status": "active",
        "recovery_ready": 1,
        "created_at": _moment(0),
    }


def _link_row(owner: UUID, clinician: str, chance: random.Random) -> Row:
    return {
        "id": str(uuid4()),
        "patient_id": str(owner),
        "clinician_id": clinician,
        "pair": f"{owner}:{clinician}",
        "patient_key": chance.randbytes(62),
        "clinician_key": chance.randbytes(1300),
        "patient_pin": chance.randbytes(1438),
        "clinician_pin": chance.randbytes(1438),
        "voucher": chance.randbytes(32),
        "created_at": _moment(0),
    }


def _session_row(owner: UUID, chance: random.Random) -> Row:
    return {
        "id": str(uuid4()),
        "patient_id": str(owner),
        "revision": 1,
        "sealed": chance.randbytes(542),
        "created_at": _moment(0),
    }


def _share_row(link: Row, entry: Row, chance: random.Random) -> Row:
    return {
        "id": str(uuid4()),
        "link_id": link["id"],
        "entry_id": entry["id"],
        "revision": 1,
        "sealed": chance.randbytes(SEALED),
        "created_at": entry["created_at"],
        "updated_at": entry["created_at"],
        "ends": False,
    }


def _event_row(number: int, owner: UUID, entry: Row) -> Row:
    return {
        "id": number,
        "at": entry["created_at"],
        "actor_id": str(owner),
        "patient_id": str(owner),
        "action": "shared",
        "object_id": entry["id"],
        "outcome": "done",
        "mac": "0" * 64,
    }
