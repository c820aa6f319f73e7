"""What a process that serves still has in its memory once people have gone: no key, no password, no cookie, no word."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from asyncio import gather
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from httpx import AsyncClient

from crypto import Keyring, PrivateIdentity, derive_key
from journal.care.link_keys import open_own_copy
from journal.care.links import load_my_link
from journal.installation import private_process
from journal.installation.own_process import LAUNCHER
from journal.store.database import Store
from tests.attacks.memory_scan import READABLE, allow_reading, count_found, forms_of_key, forms_of_text
from tests.cast import PASSWORDS, SERVER_KEY, Furniture, cast_of
from tests.portal.browsing import Page, action, followed, opened, pressed
from tests.serving import MAIN, ROOT, Program, listening
from tests.waiting import browser_at, own_port

HERS, OTHERS = "Zaunkoenig", "Dompfaff"
MISTYPED, PHRASE = "Rohrdommel von gestern", "Gimpel Kleiber Pirol Zeisig Uhu"
REQUESTS = 200
TRIES = 5000
"""How often a file that is being made is asked for."""
ATTACK = """
import subprocess, sys
child = subprocess.Popen(sys.argv[2:], stdin=-1, stdout=-1, stderr=subprocess.STDOUT, text=True)
try:
    for line in child.stdout:
        if sys.argv[1] in line:
            break
    else:
        sys.exit("it ended")
    print(open(f"/proc/{child.pid}/limits").read())
    open(f"/proc/{child.pid}/mem", "rb").close()
    print("its memory can be read")
except PermissionError:
    print("its memory is its own")
finally:
    child.kill()
"""
"""Start a program as any program of the same user could, and read its memory once it has said a word."""
VICTIM = "print('ready', flush=True); input()"


async def find_keys(url: str, furniture: Furniture) -> dict[str, bytes]:
    """Everything that opens what three people wrote, by what it is."""
    cast, store = cast_of(furniture), await Store.open(url)
    keys: dict[str, bytes] = {}
    try:
        with store.use():
            for name in ("alice", "bob", "dana"):
                actor = await cast.actor(name)
                mine = keys_of(actor.keyring, actor.open_identity())
                keys |= {f"{name}'s {what}": key for what, key in mine.items()}
            alice = await cast.actor("alice")
            keys["link"] = open_own_copy(alice, await load_my_link(alice, furniture.link))
    finally:
        await store.close()
    return keys


def keys_of(keyring: Keyring, identity: PrivateIdentity) -> dict[str, bytes]:
    """What is derived from an account key, and the private identity."""
    return {
        "extracted key": keyring._deriver._extracted,
        "vault key": keyring.vault,
        "wrapping key": derive_key(keyring.vault, "wrap"),
        "pin key": keyring.pins,
        "identity key": keyring.identity_wrap,
        "ML-KEM seed": identity.mlkem_seed,
        "X25519 key": identity.x25519_key,
        "signing seed": identity.signing_seed,
    }


async def sign_in(browser: AsyncClient, name: str) -> dict[str, tuple[bytes, ...]]:
    """Sign in by password; return what of that must not stay."""
    typed = {"email": f"{name}@example.org", "password": PASSWORDS[name]}
    assert (await browser.post("/sign-in", data=typed)).status_code == 303
    cookie = browser.cookies["hearthside"]
    token = urlsafe_b64decode(cookie + "=")
    return {f"{name}'s cookie": (*forms_of_key(token), cookie.encode())}


async def write(browser: AsyncClient, word: str) -> str:
    """Write an entry, and return where it stands."""
    page = await opened(browser, "/journal/new?kind=free")
    kept = await pressed(browser, page, title=f"{word} at dawn", free__text=f"The {word} sang. " * 50)
    await followed(browser, kept)
    return action(page)


async def share(browser: AsyncClient, entry: str, link: UUID) -> None:
    """Share all of an entry: choose, look, confirm."""
    sections = ["title", "free.text"]
    form = {"to": str(link), "sections": sections, "step": "look"}
    preview = Page.of(await browser.post(f"{entry}/shares", data=form))
    form |= {"previewed": preview.value("previewed"), "step": "confirm"}
    assert (await browser.post(f"{entry}/shares", data=form)).status_code == 303, preview.words


async def read_what_is_shared(browser: AsyncClient, word: str) -> None:
    """Go from the patients to what one of them shared, and read it."""
    path = "/patients"
    for below in ("", "/shared"):
        page = await opened(browser, path)
        found = re.search(rf'href="({path}{below}/[-0-9a-f]{{36}})"', page.answer.text)
        assert found, page.words
        path = found[1]
    assert word in (await opened(browser, path)).words


async def test_who_has_gone_is_gone_from_memory(furnished_url: tuple[str, Furniture], tmp_path: Path) -> None:
    """After signing out and 200 requests of others nothing is left that opens anything, of them or of the others."""
    url, furniture = furnished_url
    sought = await find_sought(url, furniture)
    async with served(url, tmp_path) as (program, origin):
        async with browser_at(origin) as alice, browser_at(origin) as bob:
            sought |= await sign_in(alice, "alice") | await sign_in(bob, "bob")
            entry = await write(alice, HERS)
            await share(alice, entry, furniture.link)
            for path in ("/", "/journal", f"/journal?q={HERS}", entry, "/account", "/sessions", "/records"):
                await gather(opened(alice, path), opened(alice, "/journal"))
            await gather(*(read_what_is_shared(bob, HERS) for _ in range(3)), opened(bob, "/account"))
            for browser in (alice, bob):
                assert (await browser.post("/sign-out")).status_code == 303
        async with browser_at(origin) as dana, browser_at(origin) as charlie:
            sought |= await sign_in(dana, "dana") | await sign_in(charlie, "charlie")
            await write(dana, OTHERS)
            for _ in range(REQUESTS // 4):
                await gather(
                    *(opened(dana, path) for path in ("/", f"/journal?q={OTHERS}")),
                    *(opened(charlie, path) for path in ("/patients", "/account")),
                )
        allow_reading(program.process.pid)
        assert count_found(program.process.pid, {"server key": [SERVER_KEY]}), "all of it is read"
        assert count_found(program.process.pid, sought) == {}


async def test_what_was_taken_away_or_refused_is_gone_from_memory(
    furnished_url: tuple[str, Furniture], tmp_path: Path
) -> None:
    """
    Files that were made for both, one that was read and let be, and refused passwords: gone with the next request.

    Nobody's later requests are needed for it, as they have Python look for circles.
    """
    url, furniture = furnished_url
    sought = await find_sought(url, furniture)
    sought |= {MISTYPED: forms_of_text(MISTYPED), PHRASE: forms_of_text(PHRASE)}
    async with served(url, tmp_path) as (program, origin):
        async with browser_at(origin) as alice, browser_at(origin) as bob:
            typed = {"email": "alice@example.org", "password": MISTYPED}
            assert (await alice.post("/sign-in", data=typed)).status_code == 422
            sought |= await sign_in(alice, "alice") | await sign_in(bob, "bob")
            entry = await write(alice, HERS)
            await share(alice, entry, furniture.link)
            for browser, name in ((alice, "alice"), (bob, "bob")):
                form = {"current": MISTYPED, "passphrase": PHRASE, "fhir": "pseudonym"}
                assert (await browser.post("/records", data=form)).status_code == 422
                taken = await browser.post("/records", data=form | {"current": PASSWORDS[name]})
                assert taken.content.startswith(b"age-encryption.org/")
            await make_packet(alice, entry)
            for name, content, status in (
                ("2024-03-01.md", f"The {HERS} sang again.".encode(), 303),
                ("diary.zip", f"PK {HERS}".encode() * 50, 422),
            ):
                files = {"files": (name, content, "application/octet-stream")}
                read = await alice.post("/records/import", files=files, data={"passphrase": PHRASE})
                assert read.status_code == status, read.text
                if status == 303:
                    assert HERS not in read.headers["location"]
                    await opened(alice, read.headers["location"])  # and there it is let be
            assert (await alice.get(f"/journal/{furniture.link}")).status_code == 404
            for browser in (alice, bob):
                assert (await browser.post("/sign-out")).status_code == 303
                assert (await browser.get("/healthz")).status_code == 200
        allow_reading(program.process.pid)
        assert count_found(program.process.pid, sought) == {}


async def make_packet(browser: AsyncClient, entry: str) -> None:
    """Make a packet with an entry, look at it, and take the file away once it is made."""
    where = (await browser.post("/packets")).headers["location"]
    about = {"revision": "1", "span": "all", "go": "save", "recipient": HERS, "purpose": HERS}
    assert (await browser.post(where, data=about)).status_code == 303
    ident = UUID(entry.rpartition("/")[2]).hex
    ticked = {"revision": "2", "kind": "free", "page": "1", "go": "save", "shown": ident}
    ticked["sections"] = f"{ident}.free.text"
    assert (await browser.post(f"{where}/entries", data=ticked)).status_code == 303
    preview = await opened(browser, f"{where}/preview")
    assert HERS in preview.words
    form = {"previewed": preview.value("previewed"), "offered": "", "passphrase": PHRASE, "opens_for": ""}
    form |= {"current": PASSWORDS["alice"], "go": "make"}
    assert (await browser.post(f"{where}/preview", data=form)).status_code == 303
    for _ in range(TRIES):
        file = await browser.get(f"{where}/file")
        if file.status_code == 200:
            break
    assert file.content.startswith(b"age-encryption.org/")


async def find_sought(url: str, furniture: Furniture) -> dict[str, tuple[bytes, ...]]:
    """Every form of what must not be found: keys, passwords and words."""
    sought = {name: forms_of_key(key) for name, key in (await find_keys(url, furniture)).items()}
    sought |= {f"{name}'s password": forms_of_text(PASSWORDS[name]) for name in PASSWORDS}
    return sought | {word: forms_of_text(word) for word in (HERS, OTHERS)}


@asynccontextmanager
async def served(url: str, folder: Path) -> AsyncIterator[tuple[Program, str]]:
    """Serve the product with that database; return its process, whose memory can be read, and where it is."""
    with own_port() as port:
        origin = f"http://127.0.0.1:{port}"
        settings = {
            "HEARTHSIDE_DATA": str(folder),
            "HEARTHSIDE_DATABASE_URL": url,
            "HEARTHSIDE_SERVER_KEY": SERVER_KEY.hex(),
            "HEARTHSIDE_ORIGIN": origin,
            "HEARTHSIDE_PORT": str(port),
        }
        async with listening("serve", settings=settings, code=READABLE) as program:
            yield program, origin


def attack(word: str, *program: str, **settings: str) -> str:
    """Return what an ordinary program learns of another one of the same user that has said *word*."""
    command = [sys.executable, "-c", ATTACK, word, *program]
    if os.geteuid() == 0:  # a superuser may read everything
        assert shutil.which("setpriv")
        command = ["setpriv", "--bounding-set=-sys_ptrace", *command]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def is_private(told: str) -> bool:
    """Return whether neither a core dump nor another program shows the memory."""
    limit = next(line for line in told.splitlines() if line.startswith("Max core file size"))
    assert ("its memory can be read" in told) != ("its memory is its own" in told)
    return "its memory is its own" in told and limit.split()[4:6] == ["0", "0"]


@pytest.mark.parametrize("launched", [False, True])
def test_programs_that_open_content_are_private(tmp_path: Path, launched: bool) -> None:
    """What seals exports, reads imports and sets pages is started so that nothing reads it; by itself it could be."""
    program = tmp_path / "program.py"
    program.write_text(VICTIM)
    launcher = [str(LAUNCHER)] if launched else []
    assert is_private(attack("ready", sys.executable, "-I", *launcher, str(program))) is launched


def test_the_service_is_private(tmp_path: Path) -> None:
    """The process that serves, and each command, lets nobody but a superuser read its memory."""
    data = {"HEARTHSIDE_DATA": str(tmp_path), "HEARTHSIDE_PORT": "0"}
    assert is_private(attack("running on", sys.executable, "-c", MAIN, "run", "--no-demo", **data))


def test_other_tunables_stay() -> None:
    """What an operator tunes otherwise counts as before, and nothing is added twice, so a process starts anew once."""
    ours = private_process.ALLOCATOR[private_process.LIBRARY_TUNABLES]
    once = private_process.build_wiping_environment({"GLIBC_TUNABLES": "glibc.malloc.arena_max=2", "A": "b"})
    assert once == {"GLIBC_TUNABLES": f"glibc.malloc.arena_max=2:{ours}", "PYTHONMALLOC": "malloc", "A": "b"}
    assert private_process.build_wiping_environment(once) == once
    plain = private_process.build_wiping_environment({})
    assert private_process.build_wiping_environment(plain) == plain == dict(private_process.ALLOCATOR)
