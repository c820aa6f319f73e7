"""
One word in every field of every form, and then a search for it wherever it has no business to be.

Two people use the product from the first page on, in a server of its own with every logger at its most talkative.
Afterwards the word is looked for in the database and its log, in what the server said, in its folders and in the
headers of its answers: as it is, in other encodings and inside of what is compressed.
"""

from __future__ import annotations

import asyncio
import base64
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg
import pytest
from httpx import AsyncClient, Response

from journal.care_notes.clinic import READINGS, TIMES
from journal.clinic.instructions import MEASURE_DAYS
from journal.evaluation.form_fields import Step
from journal.installation.installation import Installation
from journal.practice import practice
from journal.rate_limiting import tables as rate_limiting_tables
from journal.roles import ADMINISTRATOR, Position, Profession, Role
from journal.sessions.moments import OFFSET_BOUNDS
from journal.store.database import Store
from tests.attacks import browse
from tests.attacks.browse import WRITTEN, Control, Form, Page, Sent
from tests.attacks.conftest import STRANGE
from tests.attacks.served import Served, serving
from tests.attacks.thief import UNDER_SERVER_KEY, read_with_server_key
from tests.cast import SERVER_KEY
from tests.portal.views.account.test_account import field as value_of
from tests.portal.views.account.test_account import groups
from tests.receiver import receiving
from tests.waiting import PATIENCE, browser_at

WORD = "nachtigallenlied"
"""The stem of everything that is typed; it occurs in no page, no program and no list of words."""
DAY = "2031-03-24"
"""The day that every date field is given."""


URL_SAFE = bytes.maketrans(b"+/", b"-_")


def disguises(word: str | bytes) -> dict[str, bytes]:
    """The forms in which a word could lie somewhere."""
    raw = word.encode() if isinstance(word, str) else word
    found = {"as it is": raw, "in hex": raw.hex().encode(), "in HEX": raw.hex().upper().encode()}
    if isinstance(word, str):
        found |= {"in UTF-16LE": word.encode("utf-16-le"), "in UTF-16BE": word.encode("utf-16-be")}
        found |= {"in capitals": word.upper().encode(), "backwards": word[::-1].encode()}
    for shift in range(3):
        coded = base64.b64encode(bytes(shift) + raw).rstrip(b"=")
        # The first and the last symbols depend on what stands before and after.
        coded = coded[4 if shift else 0 : -1 if (shift + len(raw)) % 3 else None]
        found |= {f"in base64 ({shift})": coded, f"in base64url ({shift})": coded.translate(URL_SAFE)}
    return found


def unpacked(blob: bytes) -> Iterator[bytes]:
    """The blob, and whatever in it can be inflated or unzipped."""
    yield blob
    rest = memoryview(blob)  # no copy is made of what lies behind each place where something packed may begin
    for found in re.finditer(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08", blob):
        with suppress(zlib.error):
            yield zlib.decompressobj(47).decompress(rest[found.start() :])
    for found in re.finditer(rb"PK\x03\x04", blob):
        name, extra = struct.unpack("<HH", blob[found.start() + 26 : found.start() + 30].ljust(4, b"\x00"))
        with suppress(zlib.error):
            yield zlib.decompressobj(-15).decompress(rest[found.start() + 30 + name + extra :])


def found_in(blob: bytes, words: list[str | bytes]) -> list[str]:
    """Where and how any of *words* lies in a blob, with what stands around it."""
    forms = [form for word in words for form in disguises(word).items()]
    found = []
    for part in unpacked(blob):
        for how, form in forms:
            at = part.find(form)
            if at >= 0:
                found.append(f"{how}: {part[max(0, at - 60) : at + 60]!r}")
    return found


@dataclass
class Scribe:
    """
    Types the word into whatever can be written in, and remembers where, and what it heard back.

    `heard` are headers and addresses, `read` the pages, `forms` those that were sent, and by whom. `places` has the
    field that each number behind the word was typed into.
    """

    typed: set[tuple[str, str]] = field(default_factory=set)
    places: dict[str, tuple[str, str]] = field(default_factory=dict)
    forms: list[tuple[AsyncClient, Form]] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    secrets: list[str | bytes] = field(default_factory=list)
    password: str = ""

    def browser(self, served: Served) -> AsyncClient:
        """A browser whose every answer is remembered: headers and addresses apart from the pages."""
        browser = browser_at(served.origin)
        browser.event_hooks["response"].append(self.hear)
        return browser

    async def hear(self, answer: Response) -> None:
        """Remember an answer, and what the browser writes into its history."""
        self.heard.append(str(answer.request.url))
        self.heard += [f"{name}: {value}" for name, value in answer.headers.items()]

    def word(self, rule: str, control: Control) -> str:
        """What to type into a field, a little different each time."""
        self.typed.add((rule, control.name))
        number = str(len(self.places) + 1)
        self.places[number] = (rule, control.name)
        word = f"{WORD} {number}"
        if control.name == "email":
            return f"{word.replace(' ', '')}@example.org"
        assert control.maxlength is None or control.maxlength >= len(word), control
        return word

    def fill(self, form: Form, **special: str) -> dict[str, list[str]]:
        """Fill a form in, with *special* values where anything else would be refused."""
        (rule, *_) = browse.rules_at(form.action, form.method)
        hidden = [one.name for one in form.controls if one.kind == "hidden" and WORD in one.value]
        self.typed |= {(rule.path, name) for name in hidden}  # a page gives back what was typed on another
        data: dict[str, list[str]] = {}
        for name, value in form.filled(lambda control: self.word(rule.path, control)):
            data.setdefault(name, []).append(special.get(name, value))
        return data

    async def send(self, browser: AsyncClient, form: Form, **special: str) -> Page:
        """Fill a form in and send it; return the page that it leads to."""
        data = self.fill(form, **special)
        if form.method == "get":  # then the fields go into the address, as in a browser
            answer = await browser.get(form.action, params=data, follow_redirects=True)
        else:
            answer = await browser.request(form.method, form.action, data=data, follow_redirects=True)
        page = browse.read(answer)
        self.read.append(page.text)
        return page


async def page_at(browser: AsyncClient, path: str) -> Page:
    """Read the page at an address."""
    answer = await browser.get(path, follow_redirects=True)
    assert answer.status_code == 200, (path, answer.status_code)
    return browse.read(answer)


def form_to(page: Page, path: str) -> Form:
    """The form on a page that goes to an address beginning like this."""
    found = [form for form in page.forms if urlsplit(form.action).path.startswith(path)]
    assert found, f"no form to {path} on {page.url}"
    return found[0]


async def open_account(scribe: Scribe, browser: AsyncClient, path: str, **special: str) -> str:
    """Open an account behind a link, and confirm its recovery key; return the password."""
    password = f"{WORD} and seven small stones {len(scribe.heard)}"
    page = await page_at(browser, path)
    slip = await scribe.send(browser, form_to(page, path), password=WORD, repeated=WORD, time_zone=WORD)
    assert slip.status == 422
    right = {"password": password, "repeated": password, "time_zone": "Europe/Berlin", **special}
    page = await scribe.send(browser, form_to(page, path), **right)
    assert page.url.endswith("/account/recovery-key"), page.text
    shown = await scribe.send(browser, form_to(page, "/account/recovery-key"))
    confirmation = form_to(shown, "/account/recovery-key/confirmation")
    again = await scribe.send(browser, confirmation)
    assert again.status == 422
    key = groups(shown.text)
    scribe.secrets += ["-".join(key), "".join(key), value_of(shown.text, "offer")]
    await scribe.send(browser, confirmation, typed="-".join(key))
    token = browser.cookies["hearthside"]
    scribe.secrets += [token, base64.urlsafe_b64decode(token + "=")]
    return password


async def everything(scribe: Scribe, browser: AsyncClient) -> None:
    """Send every form with something to write in that can be found, and those that this leads to."""
    done: set[tuple[str, tuple[str, ...]]] = set()
    for _ in range(4):
        pages = await browse.walk(browser, ["/"], of_each=3)
        waiting = [form for page in pages for form in page.forms]
        sent = 0
        while waiting:
            form = waiting.pop(0)
            (rule, *_) = browse.rules_at(form.action, form.method)
            kind = (rule.path, tuple(sorted({control.name for control in form.controls})))
            ours = any(WORD in control.value for control in form.controls if control.kind == "hidden")
            if kind in done or not (ours or any(control.kind in WRITTEN for control in form.controls)):
                continue
            done.add(kind)
            sent += 1
            scribe.forms.append((browser, form))
            page = await scribe.send(browser, form)
            waiting += page.forms
        if not sent:
            return


def test_the_search_finds_the_word_in_every_disguise() -> None:
    """The control: whatever the word is wrapped in, it is found."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.txt", f"words {WORD} words" * 9)
    for blob in (
        *(b"before " + base64.b64encode(b"x" * at + WORD.encode() + b"yz") for at in range(4)),
        f"..{WORD}..".encode("utf-16-le"),
        WORD.encode().hex().encode(),
        b"\x00\x01" + zlib.compress(f"{WORD}!".encode() * 3) + b"rest",
        archive.getvalue(),
    ):
        assert found_in(blob, [WORD]), blob
    assert not found_in(b"nachtigall and lied", [WORD])


@pytest.mark.long
async def test_no_word_lies_anywhere(database_url: str, tmp_path: Path, forms: dict[str, Sent]) -> None:
    """Whatever people write stands on the pages of those it is for, and nowhere else in any form."""
    scribe, mail = Scribe(), ExitStack()
    receiver = mail.enter_context(receiving())
    async with (
        serving(database_url, tmp_path, **receiver.settings) as served,
        scribe.browser(served) as bob,
        scribe.browser(served) as alice,
    ):
        await live(scribe, database_url, bob, alice)
        await bend(scribe)
        stored = files_of(tmp_path)  # with what the write-ahead log still holds
        if stored:  # sealing takes seconds, and has nothing to do with the kind of database
            await wait_at_the_doors(database_url)
            stored.append(await take(scribe, alice))
        await asyncio.to_thread(receiver.wait_for, "/invite/")
    mail.close()
    stored += files_of(tmp_path) or await dump(database_url)
    # The controls: everything was typed, it arrived, and there is something to search through.
    theirs = {(path, name) for path, sent in forms.items() for name, value in sent if STRANGE in value}
    assert {one for one in theirs - scribe.typed if not one[1].endswith("date")} == set()
    assert sum(WORD in page for page in scribe.read) > 30
    assert sum(map(len, stored)) > 40_000
    assert b"DEBUG:root:everything is said" in served.said
    # The server key opens no word but those that the server needs, each with its reason.
    stolen = await stolen_fields(scribe, database_url)
    if strange := sorted(stolen - UNDER_SERVER_KEY.keys()):
        pytest.fail(f"The server key opens what was typed into {strange}")
    # Nothing is left anywhere.
    words = [WORD, DAY, *scribe.secrets]
    assert [found for blob in (*stored, bytes(served.said)) for found in found_in(blob, words)] == []
    assert found_in(unquote("\n".join(scribe.heard)).encode(), [WORD, DAY]) == []
    # Mail goes to the address that was typed, and that is all it shows.
    assert sum("/invite/" in text for text in receiver.texts) >= 1
    for _, letter in receiver.letters:
        assert WORD in letter["To"]
        del letter["To"]
        assert found_in(letter.as_bytes() + letter.get_content().encode(), [WORD, DAY]) == []
    assert list(served.temporary.rglob("*")) + list(served.home.rglob("*")) == []
    assert [path for path in served.data.rglob("*") if found_in(path.read_bytes(), words)] == []


async def live(scribe: Scribe, url: str, bob: AsyncClient, alice: AsyncClient) -> None:
    """Have two people come in and do everything there is to do."""
    store = await Store.open(url)
    with store.use():
        prescriber = Position(Role.CLINICIAN, Profession.PRESCRIBER)
        token = await practice.create_setup_link(Installation.with_key(SERVER_KEY), prescriber)
        first = await practice.create_setup_link(Installation.with_key(SERVER_KEY), ADMINISTRATOR)
    await store.close()
    await open_account(scribe, bob, f"/setup/{token}")
    page = await scribe.send(bob, form_to(await page_at(bob, "/invitations"), "/invitations"))
    link = re.search(r"/invite/([\w-]{43})", page.text)
    assert link
    password = await open_account(scribe, alice, link[0])
    for one in (token, link[1]):
        scribe.secrets += [one, base64.urlsafe_b64decode(one + "=")]
    await look_after(scribe, alice, first)
    await everything(scribe, alice)
    await share(scribe, alice)
    await name_a_contact(scribe, alice)
    await name_whom_to_call(scribe, bob)
    await write_instructions(scribe, bob)
    await write_reading_hours(scribe, bob)
    await make_calendar(scribe, bob)
    await choose_reminders(scribe, alice)
    await answer_a_notice(scribe, alice, bob)
    await forget_a_phrase(scribe, alice)
    await everything(scribe, bob)
    await everything(scribe, alice)  # once more: there is now what bob planned
    await tick_a_list(scribe, alice)
    await choose_a_packet(scribe, alice)
    await check_in(scribe, alice)
    await note_in_the_clinic(scribe, bob, alice)
    await evaluate(scribe, alice)
    await review(scribe, alice, bob)
    await note_the_day(scribe, alice)
    await sit_with(scribe, alice)
    await knock(scribe, alice)
    await try_the_doors(scribe, alice)
    await wait_at_the_doors(url)
    change = form_to(await page_at(alice, "/account/password"), "/account/password")
    renewed = f"{WORD} with another slow morning"
    page = await scribe.send(alice, change, current=password, password=renewed, repeated=renewed)
    assert page.url.endswith("/account?done=password")
    scribe.password = renewed


async def wait_at_the_doors(url: str) -> None:
    """Let the time go by that one waits after so many wrong passwords."""
    store = await Store.open(url)
    with store.use():
        await rate_limiting_tables.Throttle.all().delete()
    await store.close()


async def look_after(scribe: Scribe, alice: AsyncClient, first: str) -> None:
    """Have an administrator come in, name the practice and make a set-up link."""
    async with browser_at(alice.headers["origin"]) as erin:
        erin.event_hooks = alice.event_hooks
        await open_account(scribe, erin, f"/setup/{first}", email=f"{WORD}.keeper@example.org")
        where = "/people/practice"
        refused = await scribe.send(erin, form_to(await page_at(erin, where), where))
        saved = await scribe.send(
            erin, form_to(refused, where), phone="030 1234", after_hours="", region="DE"
        )
        assert saved.url.endswith(f"{where}?done")
        where = "/people/invitations"
        made = await scribe.send(erin, form_to(await page_at(erin, where), where), position="nurse")
        link = re.search(r"/setup/([\w-]{43})", made.text)
        assert link
        for one in (first, link[1]):
            scribe.secrets += [one, base64.urlsafe_b64decode(one + "=")]


async def take(scribe: Scribe, alice: AsyncClient) -> bytes:
    """Take alice's records away; return the sealed file."""
    records = form_to(await page_at(alice, "/records"), "/records")
    phrase = f"{WORD} on eight small stones"
    data = scribe.fill(records, current=scribe.password, passphrase=phrase)
    answer = await alice.post("/records", data=data)
    assert answer.headers["content-type"] == "application/octet-stream", answer.text
    assert answer.content.startswith(b"age-encryption.org/v1")
    return answer.content


async def name_a_contact(scribe: Scribe, alice: AsyncClient) -> None:
    """Type whom to call: first with numbers that are none, then with some that are."""
    where = "/account/contact"
    refused = await scribe.send(alice, form_to(await page_at(alice, where), where))
    assert refused.status == 422
    numbers = {"phone": "030 1234", "emergency_phone": "030 4321"}
    saved = await scribe.send(alice, form_to(refused, where), **numbers)
    assert saved.url.endswith("/account?done=contact")


async def write_reading_hours(scribe: Scribe, bob: AsyncClient) -> None:
    """Type when bob looks: first hours that are none, then some that are."""
    where = "/account/reading-hours"
    refused = await scribe.send(bob, form_to(await page_at(bob, where), where))
    assert refused.status == 422
    typed = {f"{name}{row}": "" for name in ("days", "start", "end") for row in range(4)}
    typed |= {"zone": "Europe/Berlin", "away_from_date": "2026-12-01", "away_until_date": "2026-12-02"}
    saved = await scribe.send(bob, form_to(refused, where), **typed)
    assert saved.url.endswith("/account?done=reading-hours")


async def make_calendar(scribe: Scribe, bob: AsyncClient) -> None:
    """Have a calendar read what bob calls his appointments: its address is as secret as a link's."""
    where = "/account/calendar"
    made = await scribe.send(bob, form_to(await page_at(bob, where), where), initials="yes", go="make")
    found = re.search(r"/calendar/([\w-]{43})\.ics", made.text)
    assert found
    scribe.secrets += [found[1], base64.urlsafe_b64decode(found[1] + "=")]
    assert (await bob.get(found[0])).status_code == 200


async def choose_reminders(scribe: Scribe, alice: AsyncClient) -> None:
    """Choose of what alice is reminded; nothing of it is typed but times."""
    where = "/account/reminders"
    saved = await scribe.send(alice, form_to(await page_at(alice, where), where))
    assert saved.url.endswith("/account?done=reminders")


async def choose_a_packet(scribe: Scribe, alice: AsyncClient) -> None:
    """Choose all that alice wrote of a kind for somebody; what she types as their public key is none."""
    begun = await scribe.send(alice, form_to(await page_at(alice, "/packets"), "/packets"))
    where = urlsplit(begun.url).path
    listed = await scribe.send(alice, form_to(begun, where), span="all")
    assert "/entries?kind=" in listed.url
    await scribe.send(alice, form_to(listed, where), go="all")
    refused = await scribe.send(
        alice, form_to(await page_at(alice, f"{where}/preview?page=99"), f"{where}/preview")
    )
    assert (refused.status, WORD in refused.text) == (422, True)


async def name_whom_to_call(scribe: Scribe, bob: AsyncClient) -> None:
    """Type whom alice can call: first with a number that is none, then with one, then anew."""
    found = re.search(r"/patients/[0-9a-f-]{36}", (await page_at(bob, "/patients")).text)
    assert found
    where = f"{found[0]}/contacts"
    refused = await scribe.send(bob, form_to(await page_at(bob, f"{where}/new"), f"{where}/new"))
    typed = {"role": "nurse", "number": "030 5678", "check_date": "2026-12-01", "start0": "", "start1": ""}
    typed |= {"end0": "", "end1": "", "days0": "", "days1": "", "zone": "Europe/Berlin"}
    listed = await scribe.send(bob, form_to(refused, f"{where}/new"), **typed)
    assert listed.url.endswith(where)
    one = re.search(rf"{where}/[0-9a-f-]{{36}}", listed.text)
    assert one
    refused = await scribe.send(bob, form_to(await page_at(bob, one[0]), one[0]))
    assert (await scribe.send(bob, form_to(refused, one[0]), **typed)).url.endswith(where)


async def answer_a_notice(scribe: Scribe, alice: AsyncClient, bob: AsyncClient) -> None:
    """Have alice send a notice about an answer, and bob type what was done: once nothing, then as it is kept."""
    form = form_to(await page_at(alice, "/measures/phq9?again=yes"), "/measures/phq9")
    saved = await alice.post("/measures/phq9", data=scribe.fill(form) | {"item9": ["1"], "go": ["done"]})
    link = re.search(r"/sharing/([0-9a-f-]{36})", (await page_at(alice, "/sharing")).text)
    assert link
    sent = await alice.post(
        saved.headers["location"].partition("?")[0] + "/notice", data={"go": "send", "to": link[1]}
    )
    assert sent.status_code == 303, sent.text
    found = re.search(r"/patients/[0-9a-f-]{36}/notices", (await page_at(bob, "/patients")).text)
    assert found
    for typed, status in (({"done": [" "]}, 422), ({}, 303)):
        form = form_to(await page_at(bob, found[0]), found[0])
        answer = await bob.post(found[0], data=scribe.fill(form) | typed | {"go": ["acknowledge"]})
        assert answer.status_code == status, answer.text


async def forget_a_phrase(scribe: Scribe, alice: AsyncClient) -> None:
    """Send a phrase to be removed."""
    where = "/steady/removal"
    assert (await alice.post(where, data={"phrase": f"{WORD} to be removed"})).status_code in (200, 303)
    scribe.typed.add((where, "phrase"))


async def tick_a_list(scribe: Scribe, alice: AsyncClient) -> None:
    """Write a line of a check list, tick it and change it."""
    pages = await browse.walk(alice, ["/sessions"], of_each=9)
    where = next(path for page in pages if (path := urlsplit(page.url).path).endswith("/checklist"))
    rule, line = "/sessions/{id:uuid}/checklist", f"{WORD} on a list"
    for part, data in (
        ("", {"text": line, "go": "add"}),
        ("/state", {"line": line, "state": "done", "number": "1"}),
        ("/line", {"line": line, "text": f"{line}, changed", "go": "change"}),
    ):
        answer = await alice.post(where + part, data=data)
        assert answer.status_code == 303, answer.text
        scribe.typed |= {(rule + part, name) for name in ("line", "text") if name in data}


async def note_the_day(scribe: Scribe, alice: AsyncClient) -> None:
    """Note the medicine of a dosing session, and a reading: first with numbers that are none, then with some."""
    for found in set(re.findall(r"/sessions/[0-9a-f-]{36}", (await page_at(alice, "/sessions")).text)):
        if (await alice.get(f"{found}/medicine")).status_code == 404:
            continue
        where = f"{found}/medicine"
        noted = await scribe.send(alice, form_to(await page_at(alice, where), where), time="14:05")
        assert noted.url.endswith(where)
        where = f"{found}/events"
        noted = await scribe.send(alice, form_to(await page_at(alice, where), where), time="14:10")
        assert noted.url.endswith(where)
        where = f"{found}/readings"
        refused = await scribe.send(alice, form_to(await page_at(alice, where), where), time="14:20")
        assert refused.status == 422
        typed = {"time": "14:20", "posture": "lying", "pulse": "70", "taken_by": WORD[:60]}
        typed |= {"systolic": "120", "diastolic": "80", "oxygen": "98"}
        assert (await scribe.send(alice, form_to(refused, where), **typed)).url.endswith(where)
        return
    raise AssertionError("there is no dosing session")


async def plan_dosing(scribe: Scribe, alice: AsyncClient, away: timedelta) -> str:
    """Have a dosing session be in the plan, so long from now; return its page."""
    where, day = "/sessions/new", (datetime.now(UTC) + away).date().isoformat()
    typed = {"kind": "dosing", "date": day, "time": "10:00", "minutes": "120", "setting": "home", "about": ""}
    made = await scribe.send(alice, form_to(await page_at(alice, where), where), **typed)
    found = re.search("/sessions/[0-9a-f-]{36}", made.url)
    assert found, made.text
    return found[0]


async def check_in(scribe: Scribe, alice: AsyncClient) -> None:
    """Make the check-in before a session of tomorrow; note one of weeks ago, rest after it, and make the others."""
    soon = await plan_dosing(scribe, alice, timedelta(days=1))
    before = f"{soon}/check-in/before"
    await scribe.send(alice, form_to(await page_at(alice, before), before), go="done")
    session = await plan_dosing(scribe, alice, -timedelta(days=40))
    await alice.post(f"{session}/status", data={"status": "closed"})
    await alice.post("/sessions/rest")
    for moment in ("next-day", "7-days", "14-days", "30-days"):
        where = f"{session}/check-in/{moment}"
        form = form_to(await page_at(alice, where), where)
        came = {"checkin.still_date": datetime.now(UTC).date().isoformat()} if "days" in moment else {}
        saved = await scribe.send(alice, form, go="done", **came)
        assert saved.status == 200, saved.text


async def note_in_the_clinic(scribe: Scribe, bob: AsyncClient, alice: AsyncClient) -> None:
    """Have bob note readings at a session with esketamine of weeks ago: first words, which are none, then numbers."""
    found = re.search(r"/patients/[0-9a-f-]{36}", (await page_at(bob, "/patients")).text)
    assert found
    where, day = f"{found[0]}/sessions/new", (datetime.now(UTC) - timedelta(days=30)).date().isoformat()
    typed = {
        "kind": "dosing",
        "date": day,
        "time": "10:00",
        "minutes": "120",
        "setting": "clinic",
        "about": "",
    }
    typed["route"] = "intranasal_esketamine"
    made = await scribe.send(bob, form_to(await page_at(bob, where), where), **typed)
    session = re.search("/sessions/([0-9a-f-]{36})", made.url)
    assert session, made.text
    await alice.post(f"{session[0]}/status", data={"status": "closed"})
    await alice.post("/sessions/rest")
    where = f"{found[0]}/notes/clinic"
    page = await page_at(bob, f"{where}?session={session[1]}")
    refused = await scribe.send(bob, form_to(page, where))
    assert refused.status == 422
    told = {
        name: "10:30" if name.endswith("_time") or name in TIMES else "97" for name in (*READINGS, *TIMES)
    }
    assert (await scribe.send(bob, form_to(refused, where), **told)).status in (200, 422)


async def evaluate(scribe: Scribe, alice: AsyncClient) -> None:
    """Fill in every page of an evaluation, change one after a version of it, and make another version."""
    for _ in range(2):
        for step in Step:
            where = f"/evaluation/{step}"
            saved = await scribe.send(alice, form_to(await page_at(alice, where), where), go="done")
            assert saved.url.endswith("/evaluation"), saved.text
        assert (await alice.post("/evaluation")).status_code == 303


async def review(scribe: Scribe, alice: AsyncClient, bob: AsyncClient) -> None:
    """Have alice share her evaluation, and bob review it: first without an outcome, then as it is kept."""
    entry = re.search(r"/journal/[0-9a-f-]{36}/shares", (await page_at(alice, "/evaluation")).text)
    assert entry
    preview = await scribe.send(alice, form_to(await page_at(alice, entry[0]), entry[0]))
    assert (await scribe.send(alice, form_to(preview, entry[0]))).url.endswith("?done=shared")
    found = re.search(r"/patients/[0-9a-f-]{36}", (await page_at(bob, "/patients")).text)
    assert found
    where = f"{found[0]}/evaluation"
    for outcome, status in (("", 422), ("not-now", 303)):
        form = next(
            one
            for one in (await page_at(bob, where)).forms
            if any(each.name == "words" for each in one.controls)
        )
        answer = await bob.post(where, data=scribe.fill(form) | {"outcome": [outcome]})
        assert answer.status_code == status, answer.text
        scribe.read.append(answer.text)


async def sit_with(scribe: Scribe, alice: AsyncClient) -> None:
    """Have somebody sit with alice, and note one of everything with the link that she made."""
    for found in set(re.findall(r"/sessions/[0-9a-f-]{36}", (await page_at(alice, "/sessions")).text)):
        made = await alice.post(f"{found}/sitter", data={"go": "make"})
        link = re.search(r"/sit/([\w-]{43})", made.text)
        if link:
            break
    else:
        raise AssertionError("there is no dosing session")
    scribe.secrets += [link[1], base64.urlsafe_b64decode(link[1] + "=")]
    async with browser_at(alice.headers["origin"]) as sitter:
        sitter.event_hooks = alice.event_hooks
        for go, right in (
            ("reading", {"systolic": "120", "diastolic": "80", "pulse": "70", "oxygen": "98", "time": ""}),
            ("medicine", {"part_time": "14:05"}),
            ("event", {}),
            ("check", {"status": "help"}),
            ("check", {}),
        ):
            form = form_to(await page_at(sitter, link[0]), link[0])
            slip = await sitter.post(link[0], data=scribe.fill(form) | {"go": go, "status": "asleep"})
            assert slip.status_code in (200, 422), slip.text
            kept = await sitter.post(
                link[0], data=scribe.fill(form, **right) | {"go": go, "status": "asleep"} | right
            )
            scribe.read += [slip.text, kept.text]
            assert kept.status_code == 200, kept.text
            assert "Saved." in kept.text


async def write_instructions(scribe: Scribe, bob: AsyncClient) -> None:
    """Type what alice is told before and on the day: first with too many hours, then as it can be kept."""
    found = re.search(r"/patients/[0-9a-f-]{36}", (await page_at(bob, "/patients")).text)
    assert found
    where = f"{found[0]}/instructions/single"
    refused = await scribe.send(bob, form_to(await page_at(bob, where), where))
    typed = {"acute_hours": "6", "check_minutes": "20", "part_minutes": "", "checked": "yes"}
    typed |= dict.fromkeys((*MEASURE_DAYS.values(), *OFFSET_BOUNDS), "")
    assert (await scribe.send(bob, form_to(refused, where), **typed)).url.endswith("/instructions")


async def share(scribe: Scribe, alice: AsyncClient) -> None:
    """Write while htmx saves, and share every entry as a whole."""
    pages = await browse.walk(alice, ["/journal"], of_each=9)
    entries = {urlsplit(page.url).path for page in pages if re.search(r"/journal/[0-9a-f-]{36}$", page.url)}
    assert len(entries) >= 6
    for entry in entries:
        page = await page_at(alice, f"{entry}/edit")
        if not page.url.endswith(
            (
                "/steady",
                "/medicine",
                "/checklist",
                "/notes",
                "/measures",
                "/check-ins",
                "/day-lines",
                "/evaluation",
            )
        ):  # which have forms of their own
            form = form_to(page, entry)
            saved = await alice.post(entry, data=scribe.fill(form), headers={"hx-request": "true"})
            assert saved.status_code in (200, 422)
        preview = await scribe.send(
            alice, form_to(await page_at(alice, f"{entry}/shares"), f"{entry}/shares")
        )
        given = await scribe.send(alice, form_to(preview, f"{entry}/shares"))
        assert given.url.endswith("?done=shared")


async def knock(scribe: Scribe, alice: AsyncClient) -> None:
    """Type into the pages for people who are not signed in, and send what was written too late."""
    async with browser_at(alice.headers["origin"]) as stranger:
        stranger.event_hooks = alice.event_hooks
        for path in ("/sign-in", "/recover"):
            page = await scribe.send(stranger, form_to(await page_at(stranger, path), path))
            assert page.status == 422
        for path, data in (("/journal", {"q": WORD}), ("/password-strength", {"password": WORD})):
            answer = await stranger.post(path, data=data)
            assert answer.status_code in (200, 401)
        scribe.typed.add(("/password-strength", "password"))
        # A caseload is searched by name once it is long enough; nobody who may not is answered.
        assert (await alice.post("/patients", data={"q": WORD})).status_code == 404
        scribe.typed.add(("/patients", "q"))


async def try_the_doors(scribe: Scribe, alice: AsyncClient) -> None:
    """Type into the forms that a device, a link or an earlier account would lead to, and that refuse here."""
    nobody = "00000000-0000-4000-8000-000000000000"
    for rule, address, names in (
        ("/confirm", "/confirm", ("asked-again",)),
        ("/account/passkeys/new", "/account/passkeys/new", ("name", "credential", "prf")),
        ("/account/passkeys/{id:uuid}", f"/account/passkeys/{nobody}", ("name",)),
        ("/account/set-aside", "/account/set-aside", ("secret", "secret_key")),
        ("/account/secret-key/confirmation", "/account/secret-key/confirmation", ("typed",)),
        ("/restart/{token}", f"/restart/{'A' * 43}", ("email", "password", "repeated")),
    ):
        answer = await alice.post(address, data=dict.fromkeys(names, f"{WORD} at a door"))
        assert 400 <= answer.status_code < 500, (address, answer.status_code)
        scribe.typed |= {(rule, name) for name in names}


async def bend(scribe: Scribe) -> None:
    """Put the word where a page would never put it: into choices, numbers, dates and what is hidden."""
    bent = set()
    for browser, form in scribe.forms:
        (rule, *_) = browse.rules_at(form.action, form.method)
        names = {one.name for one in form.controls if one.name and one.kind not in WRITTEN}
        strange = {f"{WORD}\x00": [f"{WORD}\x00"], "x": [WORD] * 99}
        sent = [scribe.fill(form, **{name: WORD}) for name in names if (rule.path, name) not in bent]
        sent += [] if (rule.path, "") in bent else [scribe.fill(form) | strange]
        bent |= {(rule.path, name) for name in (*names, "")}
        for data in sent:
            answer = await browser.request(form.method, form.action, data=data)
            assert answer.status_code < 500, (form.action, data, answer.status_code)
    assert len(bent) > 60


async def stolen_fields(scribe: Scribe, url: str) -> set[tuple[str, str]]:
    """Return into which fields the words were typed that a thief of the whole machine reads."""
    texts = await read_with_server_key(url)
    assert sum(len(some) for some in texts.values()) > 20  # the control: the key opens what it is for
    found = set()
    for column, some in texts.items():
        for number in re.findall(rf"{WORD} ?([0-9]*)", "\n".join(some)):
            found.add(scribe.places.get(number, (column, number)))
    return found


def files_of(folder: Path) -> list[bytes]:
    """The files of an SQLite database, as they are now."""
    return [path.read_bytes() for path in folder.glob("hearthside.sqlite3*")]


async def dump(url: str) -> list[bytes]:
    """Every value in a PostgreSQL database, one after the other."""
    connection = await asyncpg.connect(url, timeout=PATIENCE)
    try:
        tables = await connection.fetch(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        )
        rows = [row for table in tables for row in await connection.fetch(f'SELECT * FROM "{table[0]}"')]
    finally:
        await connection.close()
    values = (value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)
    return [b"\x00\x00".join(values)]
