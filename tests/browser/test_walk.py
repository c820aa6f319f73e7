"""The whole job, by two people in two browsers: from an empty database to the opened archive."""

from __future__ import annotations

import asyncio
import io
import json
import os
import pty
import re
import sys
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Desk, Server
from tests.setup_tools import age

BOB = "bob listens until the owl calls"
ALICE = "alice reads until the owl calls"
REST = "Maybe that I am allowed to stop holding it shut."
SECRET = "This part is for nobody but me."


class Walk:
    """One walk through the product, with JavaScript or without."""

    def __init__(self, desk: Desk, server: Server, *, javascript: bool) -> None:
        self.desk = desk
        self.server = server
        self.javascript = javascript

    async def looked_at(self, page: Page) -> None:
        """Let axe look at the page as it stands."""
        if self.javascript:
            await self.desk.axe(page)

    async def press(self, page: Page, name: str | re.Pattern[str]) -> None:
        """Press a button of the page's main part."""
        async with page.expect_event("load"):  # a navigation may also be one within the page
            await page.get_by_role("main").get_by_role("button", name=name).first.click()

    async def follow(self, page: Page, name: str | re.Pattern[str]) -> None:
        """Follow a link of the page's main part: where the name is one whole link's, that one."""
        links = page.get_by_role("main").get_by_role("link", name=name, exact=isinstance(name, str))
        async with page.expect_event("load"):  # a navigation may also be one within the page
            await links.first.click()

    async def open_account(self, page: Page, *, name: str, email: str, password: str) -> None:
        """Fill in the form that opens an account."""
        await page.get_by_label(re.compile(r"^(Your name|The name you go by)")).fill(name)
        await page.get_by_label("E-mail address").fill(email)
        await page.get_by_label("Your time zone").select_option("Europe/Berlin")
        await page.get_by_label("Password", exact=True).fill(password)
        await page.get_by_label("The same password again").fill(password)

    async def confirm_recovery_key(self, page: Page) -> None:
        """Have the recovery key shown, and type its last group."""
        await self.looked_at(page)
        await self.press(page, "Show me my recovery key")
        await self.looked_at(page)
        groups = await page.locator(".key span").all_inner_texts()
        await page.get_by_label("Type the last group of the key").fill(groups[-1].lower())
        await self.press(page, "I have it: go on")

    async def bob_sets_up(self, page: Page) -> str:
        """Open the practice and invite a patient; return the invitation's address."""
        await page.goto(await setup_link(self.server))
        await self.looked_at(page)
        await page.get_by_label("Name of the practice").fill("Lamplight Practice")
        await self.open_account(page, name="Bob Example", email="bob@example.org", password=BOB)
        await self.press(page, "Open my account")
        await self.confirm_recovery_key(page)
        await self.looked_at(page)
        await page.goto("/invitations")
        await self.looked_at(page)
        await page.get_by_label("Who is it for?").fill("Alice Sample")
        await self.press(page, "Make an invitation")
        await self.looked_at(page)
        return await page.get_by_label("Link", exact=True).input_value()

    async def alice_accepts(self, page: Page, link: str) -> None:
        """Open a journal by invitation."""
        await page.goto(link)
        await self.looked_at(page)
        await self.open_account(page, name="Alice Sample", email="alice@example.org", password=ALICE)
        await page.get_by_label("I am 18 or older").check()
        await self.press(page, "Accept and open my journal")
        await self.confirm_recovery_key(page)
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Hello, Alice")
        await self.looked_at(page)

    async def bob_plans(self, page: Page) -> None:
        """Plan a course whose first dosing session was the day before yesterday."""
        first = (datetime.now(ZoneInfo("Europe/Berlin")) - timedelta(days=2)).date().isoformat()
        await page.goto("/patients")
        await self.looked_at(page)
        await self.follow(page, "Alice Sample")
        await self.looked_at(page)
        await page.goto(page.url.split("?")[0].rstrip("/") + "/course")
        await self.looked_at(page)
        await page.locator("#dosing_count").fill("6")
        await page.locator("#every_days").fill("7")
        await page.locator("#first_date").fill(first)
        await page.locator("#first_time").fill("14:00")
        await page.locator("#zone").select_option("Europe/Berlin")
        await page.locator("#setting").select_option("home")
        await page.locator("#route").select_option("sublingual")
        await page.locator("#preparation_days_before").fill("3")
        await page.locator("#integration_days_after").fill("3")
        await self.press(page, "Look at the dates")
        await self.looked_at(page)
        await expect(page.locator(".date")).to_have_count(13)
        await self.press(page, re.compile("Plan these 13 sessions"))
        await self.looked_at(page)

    async def alice_answers(self, page: Page) -> None:
        """Answer that the session of the day before yesterday took place, which nobody reported; then confirm rest."""
        await page.goto("/")
        await self.looked_at(page)
        await self.press(page, "It took place")
        await page.goto("/")
        await self.press(page, "I have slept and feel rested")
        await self.looked_at(page)

    async def alice_writes(self, page: Page) -> str:
        """Write about the session; return the entry's address."""
        await page.goto("/sessions")
        await self.looked_at(page)
        await page.goto("/journal/new")
        await self.looked_at(page)
        await page.goto("/journal/new?kind=integration&prompt=all")
        await page.goto("/journal/new?kind=integration")
        await self.looked_at(page)
        await page.get_by_label(re.compile("^What might this be showing you")).fill(REST)
        if self.javascript:
            await expect(page.locator("#save-status")).to_contain_text("Saved")
        await page.get_by_label(re.compile("^What are you unsure about")).fill(SECRET)
        await page.get_by_label(re.compile("^Title")).fill("What the door might be")
        if self.javascript:
            await expect(page).to_have_url(re.compile("/edit$"))
            await expect(page.locator("#save-status")).to_contain_text("Saved")
        await self.press(page, "Save and close")
        await expect(page.get_by_text(REST)).to_be_visible()
        await self.looked_at(page)
        await page.goto("/journal")
        await expect(page.get_by_text("What the door might be")).to_be_visible()
        await self.looked_at(page)
        await page.get_by_label("Search your entries").fill("HOLDING it")
        await page.get_by_role("main").get_by_role("button", name="Search").click()
        await expect(page.locator("mark").first).to_be_visible()  # swapped in place, or a page of its own
        await self.looked_at(page)
        await self.follow(page, "What the door might be")
        return page.url

    async def alice_shares(self, page: Page, entry: str) -> None:
        """Choose two parts, look at the preview, and confirm."""
        await page.goto(entry + "/shares")
        await self.looked_at(page)
        await page.get_by_text("Choose parts", exact=True).click()
        await self.looked_at(page)
        boxes = page.get_by_role("main").get_by_role("checkbox")
        assert [await box.is_checked() for box in await boxes.all()].count(True) == 0
        await page.get_by_role("checkbox", name=re.compile("Title|title|What the door")).first.check()
        await page.get_by_role("checkbox", name=re.compile("showing you")).check()
        await self.press(page, "See what they will read")
        await expect(page.get_by_text(REST)).to_be_visible()
        assert SECRET not in await page.content()
        await self.looked_at(page)
        await self.press(page, "Share this with Bob Example")
        await self.looked_at(page)
        await expect(page.get_by_text("Not opened yet").first).to_be_visible()

    async def bob_reads(self, page: Page) -> None:
        """See what is new, the patient's page, the copy and the brief, and nothing else."""
        await page.goto("/patients")
        await expect(page.get_by_text(re.compile("1 new|new", re.IGNORECASE)).first).to_be_visible()
        await self.looked_at(page)
        await self.follow(page, "Alice Sample")
        await expect(page.get_by_text("What the door might be").first).to_be_visible()
        await self.looked_at(page)
        patient = page.url.split("?")[0]
        await page.goto(patient + "/brief")
        await expect(page.get_by_text(REST).first).to_be_visible()
        assert SECRET not in await page.content()
        await self.looked_at(page)
        await self.follow(page, re.compile("What the door might be"))
        await expect(page.get_by_text(REST).first).to_be_visible()
        assert SECRET not in await page.content()
        await self.looked_at(page)
        await page.goto(patient + "/trust")
        await self.looked_at(page)

    async def codes_agree(self, alice: Page, bob: Page) -> None:
        """Both see the same safety code."""
        await alice.goto("/sharing")
        await self.looked_at(alice)
        await self.follow(alice, "Safety code")
        await self.looked_at(alice)
        mine = await alice.locator("#safety-code").inner_text()
        assert "".join(mine.split()) == "".join((await bob.locator("#safety-code").inner_text()).split())
        assert len("".join(mine.split())) == 60

    async def alice_changes_her_mind(self, alice: Page, bob: Page, entry: str) -> None:
        """See that it was opened; change it, update, pause, resume, and take it back."""
        await alice.goto(entry + "/shares")
        await expect(alice.get_by_text(re.compile("opened", re.IGNORECASE)).first).to_be_visible()
        await alice.goto("/sharing/log")
        await expect(alice.get_by_text(re.compile("Bob Example")).first).to_be_visible()
        await self.looked_at(alice)
        await alice.goto(entry + "/edit")
        await self.looked_at(alice)
        await alice.get_by_label(re.compile("^What might this be showing you")).fill(REST + " Or not yet.")
        await self.press(alice, "Save and close")
        await alice.goto(entry + "/shares")
        await expect(alice.get_by_text(re.compile("Bob Example has the version of")).first).to_be_visible()
        await self.follow(alice, "Update")
        await self.press(alice, "Share this with Bob Example")
        await alice.goto("/sharing")
        await self.press(alice, "Pause all sharing")
        await self.looked_at(alice)
        await bob.goto("/patients")
        await self.looked_at(bob)
        await self.follow(bob, "Alice Sample")
        assert REST not in await bob.content()
        await self.looked_at(bob)
        await self.press(alice, re.compile("^Resume"))
        await bob.reload()
        await expect(bob.get_by_text("What the door might be").first).to_be_visible()

    async def takes_records(self, page: Page, password: str, folder: Path) -> dict[str, bytes]:
        """Download the archive and open it with the stock tool."""
        await page.goto("/records")
        await self.looked_at(page)
        passphrase = await page.locator("#offer").inner_text()
        await page.get_by_label("Your password").fill(password)
        async with page.expect_download() as started:
            await page.get_by_role("button", name="Create the encrypted file").click()
        sealed = folder / "records.zip.age"
        await (await started.value).save_as(sealed)
        opened = await asyncio.to_thread(decrypt, sealed, passphrase.strip())
        with zipfile.ZipFile(io.BytesIO(opened)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    async def alice_takes_it_back(self, alice: Page, bob: Page, entry: str) -> None:
        """Revoke the copy, then end care: for the clinician the patient is gone."""
        await alice.goto(entry + "/shares")
        await self.follow(alice, re.compile("Stop sharing|Revoke|Take it back"))
        await self.looked_at(alice)
        await self.press(alice, re.compile("Stop sharing|Revoke|Take it back"))
        await bob.goto("/patients")
        await self.follow(bob, "Alice Sample")
        assert "What the door might be" not in await bob.content()
        patient = bob.url
        await alice.goto("/sharing")
        await self.follow(alice, "End care")
        await self.looked_at(alice)
        await self.press(alice, re.compile("End care"))
        await self.looked_at(alice)
        answer = await bob.goto(patient)
        assert answer is not None
        assert answer.status == 404
        await self.looked_at(bob)


async def setup_link(server: Server) -> str:
    """Ask the command line for a set-up link."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from portal.cli.command import main; main(['setup-link'])",
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path.cwd()),
            "HEARTHSIDE_DATA": str(server.data),
            "HEARTHSIDE_ORIGIN": server.origin,
        },
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    return out.decode().strip()


def decrypt(sealed: Path, passphrase: str) -> bytes:
    """Open *sealed* with the stock `age`, which asks for the passphrase at a terminal."""
    plain = sealed.with_suffix("")
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover - the other process
        os.execv(str(age()), ["age", "-d", "-o", str(plain), str(sealed)])
    seen = b""
    while b":" not in seen:
        seen += os.read(terminal, 1024)
    os.write(terminal, passphrase.encode() + b"\n")
    try:
        while os.read(terminal, 1024):
            pass
    except OSError:
        pass  # Linux says so when the other side has closed the terminal
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    return plain.read_bytes()


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "plain"])
async def test_the_whole_job(desk: Desk, server: Server, tmp_path: Path, javascript: bool) -> None:
    """Two people do all that the product is for; nobody sees what was not given to them."""
    walk = Walk(desk, server, javascript=javascript)
    bob = await desk.person(javascript=javascript, width=1280, worker=True)
    alice = await desk.person(javascript=javascript, scheme="dark", worker=True)
    link = await walk.bob_sets_up(bob)
    await walk.alice_accepts(alice, link)
    await walk.bob_plans(bob)
    await walk.alice_answers(alice)
    entry = await walk.alice_writes(alice)
    await walk.alice_shares(alice, entry)
    await walk.bob_reads(bob)
    await walk.codes_agree(alice, bob)
    await walk.alice_changes_her_mind(alice, bob, entry)
    hers = await walk.takes_records(alice, ALICE, tmp_path)
    his = await walk.takes_records(bob, BOB, tmp_path)
    manifest = json.loads(hers["manifest.json"])
    assert manifest
    assert SECRET.encode() in b"".join(hers.values())
    assert REST.encode() in b"".join(his.values())
    assert SECRET.encode() not in b"".join(his.values())
    await walk.alice_takes_it_back(alice, bob, entry)
    log = server.said.decode()
    for word in (REST, SECRET, "Alice", "alice@", ALICE, BOB, link.rsplit("/", 1)[1]):
        assert word not in log
