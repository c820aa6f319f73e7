"""What the service tells its operator: enough to find what broke, and nothing that anybody wrote."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from httpx import ASGITransport, AsyncClient

from journal.entries import entries
from journal.vault import tables as vault_tables
from journal.vault.documents import EntryDocument
from portal import logs
from portal.app import create_app
from tests.portal.conftest import Portal
from tests.test_architecture import ROOT

WORD = "nachtigallenlied"
EVERYTHING = f"""
import asyncio, gc, logging, sys, threading, warnings
from portal import logs

WORD = "{WORD}"
logs.configure_logging(sys.argv[1])
logging.getLogger().setLevel(logging.DEBUG)

class Stubborn:
    def __del__(self):
        raise ValueError(WORD)

async def lose():
    async def task():
        raise KeyError(WORD)
    asyncio.create_task(task())
    await asyncio.sleep(0)

def speak():
    other = logging.getLogger("somebody")
    other.warning("took %s from %s", WORD, [WORD])
    other.warning("two lines\\n" + WORD)
    other.warning({{WORD: WORD}}["{WORD}"][:0] or "plain")
    logging.getLogger("uvicorn.error").info("running on %s", "an address")
    logging.getLogger("uvicorn.error").warning("asked for %s", WORD)
    logging.getLogger("tortoise.db_client").debug("INSERT %s", WORD)
    try:
        raise LookupError(WORD) from ValueError(WORD)
    except LookupError:
        other.exception("could not")
        logging.getLogger("uvicorn.error").error("Exception in ASGI application\\n", exc_info=True)
    warnings.warn(WORD)
    asyncio.run(lose())
    gc.collect()
    Stubborn()
    thread = threading.Thread(target=int, args=(WORD,))
    thread.start()
    thread.join()
    logs.log_event(logging.INFO, "answered", {{"route": "/journal/{{id:uuid}}", "ms": 1.5}})
    raise RuntimeError(WORD)

speak()
"""


def said(kind: str) -> str:
    """What a process says that does all of this."""
    done = subprocess.run(
        [sys.executable, "-c", EVERYTHING, kind], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    return done.stderr


def test_every_line_is_an_object_and_quotes_nobody() -> None:
    """Whoever logs, warns, raises or loses an error: one JSON object a line, with kind and place, without words."""
    told = said("json")
    assert WORD not in told
    lines = [json.loads(line) for line in told.splitlines()]
    for line in lines:
        assert line.keys() >= {"at", "level", "from", "said"}
    assert [line["said"] for line in lines if line["from"] == "somebody"] == [
        "took %s from %s", "two lines", "plain", "could not",
    ]  # fmt: skip
    told_of = {(line["error"], line["place"].partition(":")[0]) for line in lines if "error" in line}
    here = {(kind, "<string>") for kind in ("LookupError", "KeyError", "ValueError", "RuntimeError")}
    assert told_of == here | {
        ("ValueError", f"python{sys.version_info[0]}.{sys.version_info[1]}/threading.py")
    }
    assert [line for line in lines if line["from"] == "tortoise.db_client"] == []
    assert {"from": "uvicorn.error", "said": "running on an address"}.items() <= lines[3].items()
    (ours,) = [line for line in lines if "route" in line]
    assert (ours["route"], ours["ms"], ours["from"]) == ("/journal/{id:uuid}", 1.5, "hearthside")


def test_text_says_the_same() -> None:
    """The same in words, for people."""
    told = said("text")
    assert WORD not in told
    assert re.search(
        r"^\S+Z?\S* info hearthside answered route=/journal/\{id:uuid\} ms=1\.5$", told, re.MULTILINE
    )
    assert re.search(r"error=RuntimeError place=<string>:\d+$", told, re.MULTILINE)


async def test_a_request_is_told_by_its_route(portal: Portal, caplog: pytest.LogCaptureFixture) -> None:
    """With the access log on, each request is a line: the route as it stands in the table, no id and no question."""
    caplog.set_level(logging.INFO, logs.NAME)
    alice = await portal.cast.actor("alice")
    entry = await entries.save_entry(
        alice, uuid4(), 0, EntryDocument("free", WORD, answers={"free.text": WORD})
    )
    app = create_app(replace(portal.app.state.config, access_log=True), clock=portal.cast.clock, quick=True)
    app.state.store = portal.app.state.store
    headers = portal.client("alice").headers
    async with AsyncClient(
        transport=ASGITransport(app), base_url=str(portal.client().base_url), headers=headers,
        cookies=portal.client("alice").cookies,
    ) as browser:  # fmt: skip
        await browser.get(f"/journal/{entry.id}?q={WORD}")
        await browser.head("/journal")
        await browser.post("/journal", data={"q": WORD})
        await browser.get(f"/setup/{WORD}")
        await browser.get(f"/{WORD}")
        await browser.get("/static/css/print.css")
        await browser.get("/", headers={"host": WORD})
    told = [vars(record)["told"] for record in caplog.records if record.name == logs.NAME]
    assert [(one["method"], one["route"], one["status"]) for one in told] == [
        ("GET", "/journal/{id:uuid}", 200),
        ("HEAD", "/journal", 200),
        ("POST", "/journal", 200),
        ("GET", "/setup/{token}", 404),
        ("GET", "none", 404),
        ("GET", "/static", 200),
        ("GET", "none", 400),
    ]
    whole = "\n".join(logs.JsonFormatter().format(record) for record in caplog.records)
    assert WORD not in whole
    assert entry.id.hex not in whole.replace("-", "")
    assert len({one["request"] for one in told}) == len(told)


async def test_nothing_is_said_while_all_is_well(portal: Portal, caplog: pytest.LogCaptureFixture) -> None:
    """Usually no request is a line, also none that was refused: who reads when is nobody's business."""
    caplog.set_level(logging.INFO)
    async with portal.client("alice") as browser:
        for path in ("/journal", "/nowhere", "/patients"):
            await browser.get(path)
    assert [record for record in caplog.records if record.name == logs.NAME] == []


def test_the_settings_are_read(tmp_path: Path) -> None:
    """Text and no requests, unless somebody asks for more; what is neither is told."""
    from portal.config import Config, ConfigError

    settings = {"HEARTHSIDE_DATA": str(tmp_path)}
    read = Config.from_mapping(settings)
    assert (read.log, read.access_log) == ("text", False)
    read = Config.from_mapping({**settings, "HEARTHSIDE_LOG": "json", "HEARTHSIDE_ACCESS_LOG": "on"})
    assert (read.log, read.access_log) == ("json", True)
    with pytest.raises(ConfigError, match="HEARTHSIDE_LOG needs one of text, json"):
        Config.from_mapping({**settings, "HEARTHSIDE_LOG": "loud"})


async def test_what_storage_damaged_is_told_to_the_operator(
    portal: Portal, caplog: pytest.LogCaptureFixture
) -> None:
    """It is no error of the server's, and is told as one all the same: the line names no record."""
    alice, wanted = await portal.cast.actor("alice"), uuid4()
    await entries.save_entry(alice, wanted, 0, EntryDocument("free", WORD, answers={"free.text": WORD}))
    await vault_tables.Entry.filter(id=wanted).update(revision=9)
    async with portal.client("alice") as browser:
        answer = await browser.get(f"/journal/{wanted}")
    assert answer.status_code == 409
    (record,) = [one for one in caplog.records if one.name == logs.NAME and one.levelno == logging.ERROR]
    line = logs.TextFormatter().format(record)
    assert re.search(r"route=/journal/\{id:uuid\} status=409 .*error=Damaged", line)
    assert str(wanted) not in line
