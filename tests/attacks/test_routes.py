"""
Every address, asked as everybody for whom it is not.

The tests come from the one table of routes: a new rule is attacked from its first day, and one with an
audience or parameters that these tests do not know fails until somebody has thought about it.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from httpx import ASGITransport, AsyncClient, Response

from journal.catalogue.grounding_skills import SKILLS
from journal.evaluation.form_fields import Step
from journal.measures.instruments import IDS
from journal.roles import Role
from portal import logs
from portal.access.session_cookie import ALLOWED_ROLES, Audience
from portal.app import create_app
from portal.http.fallback import ErrorFallback
from portal.http.middleware import HTTPS_ONLY, SecurityHeaders
from portal.routes import ROUTES, Rule
from tests.attacks.browse import Sent
from tests.attacks.conftest import STRANGE, Target, dressed
from tests.attacks.world import WORDS, Rows, World
from tests.cast import PASSWORDS

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
CLINICIANS, PATIENTS, ADMINISTRATORS = ("charlie", "frieda"), ("dana",), ("erin",)
SIGNED_OUT = (None, "gil")

FOR_ANYONE = {
    "/": "the sign-in page, or one's own home",
    "/healthz": "says that the process is alive",
    "/readyz": "says that the database answers",
    "/help-now": "whoever needs help gets it without asking",
    "/language": "the language of this browser",
    "/help-now/practice": "the practice's phone numbers, for whoever is signed in, and no word to others",
    "/help-now/contacts": "whom the care team of whoever is signed in named, and no word to others",
    "/kept": "what a browser keeps by itself; the server says only whether that has ended, to whoever holds it",
    "/ground": "ways back to the present, without anything of anybody's but one's own",
    **dict.fromkeys((f"/ground/{one}" for one in SKILLS), "a skill of the catalogue, and one's own phrases"),
    "/offline.js": "a script without anything of anybody's",
    "/guide": "how Hearthside is used, without anything of anybody's",
    "/guide/patient": "how Hearthside is used, without anything of anybody's",
    "/guide/clinician": "how Hearthside is used, without anything of anybody's",
    "/guide/administrator": "how Hearthside is used, without anything of anybody's",
    "/about": "version, licence and practice, without anything of anybody's",
    "/leave": "an empty page to leave to",
    "/sign-in": "how people come in",
    "/sign-in/passkey": "a passkey is the right",
    "/sign-in/second/passkey": "for whoever just gave the password, which their cookie tells",
    "/sign-in/second": "for whoever just gave the password, which their cookie tells",
    "/unlock/passkey": "a passkey of whoever's session is locked",
    "/sign-out": "ends one's own session only",
    "/password-strength": "judges what was just typed, and keeps nothing",
    "/unlock": "the cookie and its owner's password are the right",
    "/recover": "asks for a recovery key",
    "/setup/{token}": "the token is the right",
    "/invite/{token}": "the token is the right",
    "/sit/{token}": "the token is the right, for whoever sits with somebody",
    "/calendar/{token}.ics": "the token is the right, for whichever program has it",
    "/restart/{token}": "the token and the account's e-mail address are the right",
}
FOR_ONESELF = {
    "/confirm": "one's own password, for one's own session",
    "/account": "one's own account",
    "/account/password": "one's own password, with the present one",
    "/account/sessions": "one's own browsers",
    "/account/sessions/keep": "one's own browser",
    "/account/passkeys": "one's own passkeys",
    "/account/passkeys/new": "one's own passkeys",
    "/account/passkeys/options": "one's own passkeys",
    "/confirm/passkey": "one's own passkey, for one's own session",
    "/account/sessions/end": "one's own browsers",
    "/account/details": "one's own name and time zone",
    "/account/contact": "one's own phone number and emergency contact",
    "/account/contact/removal": "one's own phone number and emergency contact",
    "/account/email": "one's own address",
    "/account/calendar": "one's own calendar",
    "/account/calendar/end": "one's own calendar",
    "/account/help-numbers": "one's own choice of a region",
    "/account/earlier-state": "what one's own browser saw",
    "/account/reading-hours": "one's own hours",
    "/account/reminders": "one's own choice",
    "/account/title": "one's own choice of a title",
    "/account/deletion": "one's own account, with a word typed",
    "/account/lock": "one's own choice",
    "/here": "says nothing",
    "/lock": "one's own session",
    "/account/recovery-key": "one's own recovery key",
    "/account/second-factor": "one's own second factor",
    "/account/second-factor/app": "one's own second factor",
    "/account/second-factor/proof": "one's own second factor",
    "/account/second-factor/codes": "one's own second factor",
    "/account/second-factor/kept": "one's own second factor",
    "/account/second-factor/removal": "one's own second factor, with the present password",
    "/account/secret-key": "one's own secret key, with the present password",
    "/account/secret-key/confirmation": "one's own secret key",
    "/account/secret-key/kit": "one's own secret key",
    "/account/secret-key/shown": "one's own secret key, with the present password",
    "/account/secret-key/removal": "one's own secret key, with the present password",
    "/account/recovery-key/kit": "one's own recovery key",
    "/account/recovery-key/confirmation": "one's own recovery key",
    "/account/witness": "what was noticed for oneself",
    "/account/set-aside": "what oneself had set aside, with the old password",
    "/account/renewal": "one's own keys, with the present password",
    "/account/renewal/batches": "one's own keys",
    "/journal": "one's own entries",
    "/journal/new": "an empty page",
    "/ground/own": "a skill of one's own",
    "/ground/note": "one's own note, by its id",
    "/ground/worse": "one's own note, by its id",
    "/steady": "one's own record",
    "/comfort": "one's own record",
    "/safety-plan": "one's own record",
    "/safety-plan/copy": "one's own record",
    "/safety-plan/copy/renewal": "one's own record, for a browser that keeps a copy of it",
    "/safety-plan/reviews": "one's own record",
    "/safety-plan/reviews/removal": "one's own record",
    "/clinic": "whom oneself can call, and what one's own clinic wrote",
    "/steady/removal": "one's own record",
    "/steady/hidden": "one's own record",
    "/steady/skill": "one's own record",
    "/steady/skill/removal": "one's own record",
    "/journal/deleted": "one's own entries",
    "/journal/comparison": "one's own entries, counted",
    "/moments": "one's own reframes",
    "/today": "what else there is for oneself",
    "/day-lines": "one's own lines",
    "/day-lines/own": "one's own lines",
    "/evaluation": "one's own answers",
    "/evaluation/ledger": "one's own answers",
    **dict.fromkeys((f"/evaluation/{one}" for one in Step), "one's own answers, by the page of the form"),
    "/check-ins": "one's own answers",
    "/check-ins/monthly": "one's own answers",
    "/check-ins/call-now": "whom oneself can call",
    "/charts": "what oneself noted, by its days",
    "/talk": "what was set for oneself",
    "/measures": "one's own answers",
    "/measures/other": "one's own total",
    **dict.fromkeys((f"/measures/{one}" for one in IDS), "one's own answers, by the id of the form"),
    "/triggers": "one's own reframes and grounding logs",
    "/sharing": "one's own clinicians",
    "/sharing/log": "one's own log",
    "/sharing/disclosures": "one's own log, with the present password for a file",
    "/sharing/notices": "what oneself agreed on, with somebody in one's own care team",
    "/sharing/pause": "one's own clinicians",
    "/sessions": "one's own plan",
    "/sessions/new": "one's own plan",
    "/sessions/rest": "one's own rest",
    "/sessions/waiting": "one's own requests",
    "/patients": "one's own caseload",
    "/replies": "one's own drafts",
    "/my-notes": "one's own notes",
    "/invitations": "one's own invitations",
    "/records": "one's own records, with the present password",
    "/packets": "one's own packets",
    "/records/import": "a file of one's own, and one's own imports",
    "/records/leaving": "how far one is oneself, and who can read what is one's own",
    "/people": "who has an account here",
    "/people/audit": "ids and acts, with the names of people",
    "/people/invitations": "the set-up links of the staff",
    "/people/practice": "the practice's name and numbers",
}
PARAMETERS = {
    ("account", "id"): "passkey",
    ("clinic", "id"): "left text",
    ("journal", "id"): "entry",
    ("triggers", "id"): "reframe",
    ("journal", "revision"): "revision",
    ("journal", "link"): "link",
    ("safety-plan", "id"): "device copy",
    ("shares", "id"): "share",
    ("sharing", "id"): "link",
    ("sessions", "id"): "session",
    ("patients", "id"): "alice",
    ("patients", "share"): "share",
    ("patients", "contact"): "call contact",
    ("patients", "note"): "care note",
    ("patients", "own"): "own note",
    ("packets", "id"): "packet",
    ("records", "id"): "import run",
    ("patients", "thing"): "talk item",
    ("talk", "id"): "talk item",
    ("clinic", "link"): "link",
    ("clinic", "note"): "care note",
    ("patients", "course"): "course",
    ("invitations", "id"): "invitation",
    ("people", "id"): "alice",
}
OF_ANOTHER = {
    "/clinic/contacts/{id:uuid}/removal": "left contact",
    "/account/sessions/{id:uuid}/end": "visit",
    "/journal/{id:uuid}/restoration": "deleted",
    "/packets/{id:uuid}/file": "made packet",
    "/journal/{id:uuid}/erasure": "deleted",
    "/journal/{id:uuid}/status": "reframe",
    "/journal/{id:uuid}/notice": "noticed",
    "/journal/{id:uuid}/later": "reframe",
    "/journal/{id:uuid}/steadying": "reframe",
    "/journal/{id:uuid}/step": "reframe",
    "/journal/{id:uuid}/offer": "reframe",
    "/journal/{id:uuid}/revisits": "reframe",
    "/journal/{id:uuid}/removal": "reframe",
    "/shares/{id:uuid}/update": "changed share",
    "/sharing/{id:uuid}/resumption": "karl's link",
    "/people/invitations/{id:uuid}": "set-up link",
    "/sharing/handovers/{id:uuid}": "handover",
    "/sharing/handovers/{id:uuid}/refusal": "handover",
    "/people/invitations/{id:uuid}/withdrawal": "set-up link",
}
"""Where only something in a certain state can be acted on."""
WITH_A_TOKEN = {"/setup/{token}": frozenset({"setup_link"}), "/invite/{token}": frozenset({"invitation"})}
"""Whoever has the token may use it up: the one row that an act of theirs may change."""
OWNERS = {
    Audience.ANYONE: None,
    Audience.SIGNED_IN: "alice",
    Audience.UNCONFIRMED: "hana",
    Audience.PATIENT: "alice",
    Audience.CLINICIAN: "bob",
    Audience.IN_CARE: "alice",
    Audience.ADMINISTRATOR: "erin",
}
NAMES_OF_PEOPLE = frozenset({"Alice Sample", "alice@example.org"})
"""What an administrator reads of alice on the pages that are theirs, and nowhere else."""

changes_nothing = pytest.mark.asyncio(loop_scope="module")
"""The mark of what is asked of `shared`, whose application lives in the loop of the module."""

every_rule = pytest.mark.parametrize("rule", ROUTES, ids=lambda rule: f"{'+'.join(rule.methods)} {rule.path}")


def address(rule: Rule, world: World) -> str:
    """The rule's path with alice's own ids in it."""
    prefix = rule.path.split("/")[1]
    known = world.ids | {"alice": world.people["alice"]}

    def fill(found: re.Match[str]) -> str:
        name = found[1]
        if name == "token":
            return (world.set_up if prefix == "setup" else world.invited)[
                prefix if prefix in ("restart", "sit", "calendar") else "open"
            ]
        assert (prefix, name) in PARAMETERS, f"say in PARAMETERS which id of alice's stands in {rule.path}"
        return str(known[OF_ANOTHER.get(rule.path, PARAMETERS[prefix, name])])

    return re.sub(r"\{([a-z]+)(?::uuid)?\}", fill, rule.path)


def tells(answer: Response) -> list[str]:
    """The words of alice's that an answer holds, wherever in it."""
    whole = answer.text + "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    return [word for word in WORDS if word.lower() in whole.lower()]


def role_of(name: str | None) -> Role:
    """What somebody of the world is."""
    if name in ADMINISTRATORS:
        return Role.ADMINISTRATOR
    return Role.CLINICIAN if name in (*CLINICIANS, "bob") else Role.PATIENT


def outcomes(rule: Rule, name: str | None) -> set[int] | None:
    """How *name* has to be answered; None for what is theirs to use."""
    if rule.audience is Audience.ANYONE:
        assert rule.path in FOR_ANYONE, f"say in FOR_ANYONE why {rule.path} is for anyone"
        return None
    if name in SIGNED_OUT:
        return {401}
    if role_of(name) not in ALLOWED_ROLES.get(rule.audience, Role):
        return {404}
    if "{" in rule.path:
        return {403, 404}
    assert rule.path in FOR_ONESELF, f"say in FOR_ONESELF whose data {rule.path} shows"
    return None


def unharmed(before: Rows, after: Rows, world: World, *, but: frozenset[str] = frozenset()) -> None:
    """Fail unless every row but the outsiders' own is there byte for byte, and no new one hangs on alice."""
    alice = {str(world.people["alice"]), *(str(world.ids[name]) for name in ("entry", "link", "share"))}
    outsiders = {str(world.people[name]) for name in (*PATIENTS, *CLINICIANS, *ADMINISTRATORS)}
    for table in before.keys() - but:
        changed = [
            row
            for row in before[table] - after[table]
            if not outsiders & set(map(str, row)) or alice & set(map(str, row))
        ]
        assert not changed, f"{table} was changed"
        new = [row for row in after[table] - before[table] if alice & set(map(str, row))]
        assert not new, f"{table} got a row"


@every_rule
async def test_an_outsider_finds_nothing(target: Target, forms: dict[str, Sent], rule: Rule) -> None:
    """Whoever an address is not for is refused, reads nothing of alice's and changes nothing."""
    where, before = address(rule, target.world), target.rows()
    for name in (*SIGNED_OUT, *PATIENTS, *CLINICIANS, *ADMINISTRATORS):
        if name in ADMINISTRATORS and rule.audience is Audience.ADMINISTRATOR:
            continue  # no outsider there; what they read is tried below
        expected = outcomes(rule, name)
        async with target.client(name) as browser:
            for method in rule.methods:
                for body in ([] if method == "GET" else forms.get(rule.path, []), [("text", STRANGE)]):
                    for extra in ({}, {"hx-request": "true"}):
                        answer = await browser.request(method, where, data=_data(body), headers=extra)
                        told = f"{method} {where} as {name}: {answer.status_code}"
                        assert tells(answer) == [], told
                        assert expected is None or answer.status_code in expected, told
    unharmed(before, target.rows(), target.world, but=WITH_A_TOKEN.get(rule.path, frozenset()))


@changes_nothing
@every_rule
async def test_an_administrator_reads_who_people_are_and_nothing_else(shared: Target, rule: Rule) -> None:
    """On their own pages an administrator meets alice's name and address; no date of hers, and no word."""
    if rule.audience is not Audience.ADMINISTRATOR or "GET" not in rule.methods:
        return
    async with shared.client("erin") as browser:
        for query in ("", f"?person={shared.world.people['alice']}", "?room=share", "?room=session"):
            answer = await browser.get(address(rule, shared.world) + query)
            assert answer.status_code == 200
            assert set(tells(answer)) <= NAMES_OF_PEOPLE


@changes_nothing
@every_rule
async def test_the_other_side_of_the_room_finds_nothing(
    shared: Target, forms: dict[str, Sent], rule: Rule
) -> None:
    """Alice's own therapist has no way into her pages, and she has none into his."""
    for name in ("alice", "bob"):
        if outcomes(rule, name) != {404}:
            continue
        before = shared.rows()
        async with shared.client(name) as browser:
            for method in rule.methods:
                answer = await browser.request(
                    method, address(rule, shared.world), data=_data(forms.get(rule.path, []))
                )
                assert answer.status_code == 404
                assert name == "alice" or tells(answer) == []
        assert shared.rows() == before


@every_rule
async def test_those_it_is_for_are_let_in(target: Target, forms: dict[str, Sent], rule: Rule) -> None:
    """The control: with the same addresses and forms the right person is not refused, so the others were."""
    async with target.client(OWNERS[rule.audience]) as browser:
        for method in rule.methods:
            assert method == "GET" or rule.path in forms, f"no page of theirs sends anything to {rule.path}"
            answer = await browser.request(
                method, address(rule, target.world), data=_data(forms.get(rule.path, []))
            )
            assert answer.status_code in (200, 204, 303, 409, 422), (method, rule.path, answer.status_code)


@changes_nothing
@every_rule
async def test_no_other_method_gets_through(shared: Target, rule: Rule) -> None:
    """What a rule does not list is refused, whatever a header says; HEAD is GET without the body."""
    where = address(rule, shared.world)
    for reader in ("alice", "bob"):  # what reading stores is the same a second time
        async with shared.client(reader) as browser:
            await browser.get(where)
    before = shared.rows()
    listed = {method for other in ROUTES if other.path == rule.path for method in other.methods}
    for name in (None, "alice", "bob"):
        async with shared.client(name) as browser:
            for method in set(METHODS) - listed - {"HEAD"}:
                answer = await browser.request(method, where, headers={"x-http-method-override": "POST"})
                assert answer.status_code == 405, (method, where)
            head = await browser.request("HEAD", where, data={"email": STRANGE})
            if "GET" in listed:
                assert head.status_code == (await browser.get(where)).status_code
            else:
                assert head.status_code == 405
    assert shared.rows() == before


@changes_nothing
@every_rule
async def test_another_site_can_send_nothing(shared: Target, forms: dict[str, Sent], rule: Rule) -> None:
    """Every unsafe request that did not come from our own pages is refused before anything is looked at."""
    started_elsewhere: tuple[dict[str, str], ...] = (
        {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
        {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:9000"},
        {"sec-fetch-site": "none"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "https://127.0.0.1:8000"},
        {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8000"},
        {},
    )
    before = shared.rows()
    async with shared.client(OWNERS[rule.audience]) as browser:
        for name in ("origin", "sec-fetch-site"):
            del browser.headers[name]
        for headers in started_elsewhere:
            for method in set(rule.methods) - {"GET"}:
                answer = await browser.request(
                    method,
                    address(rule, shared.world),
                    data=_data(forms.get(rule.path, [])),
                    headers=headers,
                )
                assert answer.status_code == 403, headers
    assert shared.rows() == before


@changes_nothing
@every_rule
async def test_another_host_is_not_answered(shared: Target, rule: Rule) -> None:
    """Under any other name there is nothing, so that no link is ever built from one."""
    if rule.path in ("/healthz", "/readyz"):
        return  # for the machine that watches, which knows this one by its address
    async with shared.client(OWNERS[rule.audience]) as browser:
        for host in ("evil.example", "127.0.0.1", "127.0.0.1:8000.evil.example", "", "127.0.0.1:80"):
            for method in rule.methods:
                answer = await browser.request(method, address(rule, shared.world), headers={"host": host})
                assert (answer.status_code, tells(answer)) == (400, []), host


async def test_before_the_recovery_key_nothing_else_opens(target: Target) -> None:
    """A person who has not confirmed the recovery key is led there from every page of theirs."""
    async with target.client("hana") as browser:
        for rule in ROUTES:
            if rule.audience not in (Audience.SIGNED_IN, Audience.PATIENT):
                continue
            for method in rule.methods:
                answer = await browser.request(method, address(rule, target.world))
                assert answer.headers.get("location") == "/account/recovery-key", rule.path
                assert tells(answer) == []


async def test_what_is_refused_or_static_is_dressed_alike(target: Target) -> None:
    """Errors, refusals and static files carry the security headers; the client checks each."""
    async with target.client("alice") as browser:
        found = await browser.get("/")
        files = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', found.text))
        assert len(files) > 4
        for path in files:
            assert (await browser.get(path)).status_code == 200
        for path, status in (
            ("/nothing-here", 404),
            ("/journal/not-an-id", 404),
            ("/static/nothing.css", 404),
            ("/static/..%2f..%2fpyproject.toml", 404),
            ("/static/css", 404),
        ):
            assert (await browser.get(path)).status_code == status, path
        form = {"content-type": "application/x-www-form-urlencoded"}
        for path, content, headers, status in (
            ("/sign-in", b"email=" + b"a" * (5 << 20), form, 413),
            ("/sign-in", b"&".join([b"a=1"] * 100_000), form, 400),
            ("/sign-in", b"--x\r\nbroken", {"content-type": "multipart/form-data; boundary=x"}, 415),
            ("/sign-in", b"email=a", form, 422),
            ("/sign-in", b"", {"host": "evil.example"}, 400),
            ("/sign-out", b"", {"sec-fetch-site": "cross-site"}, 403),
            ("/leave", b"", {}, 405),
        ):
            answer = await browser.post(path, content=content, headers=headers)
            assert answer.status_code == status, (path, headers)
        gone = await browser.get("/", headers={"host": "evil.example"})
        assert gone.status_code == 400
        out = await browser.post("/sign-out")
        assert (out.status_code, out.headers["clear-site-data"]) == (303, '"cache"')


async def test_behind_tls_every_answer_asks_for_tls(target: Target) -> None:
    """With an https address every answer, also a refusal, carries HSTS, and the cookie is a `__Host-` one."""
    config = replace(target.portal.app.state.config, origin="https://hearth.example.org")
    app = create_app(config, clock=target.portal.cast.clock, quick=True)
    app.state.store = target.portal.app.state.store
    headers = {"origin": config.origin, "sec-fetch-site": "same-origin"}
    async with AsyncClient(transport=ASGITransport(app), base_url=config.origin, headers=headers) as browser:
        browser.event_hooks["response"].append(dressed)
        answers = [
            await browser.get(path) for path in ("/", "/help-now", "/nothing", "/static/css/print.css")
        ]
        answers.append(await browser.get("/", headers={"host": "evil.example"}))
        answers.append(await browser.post("/sign-in", headers={"sec-fetch-site": "none"}))
        answers.append(await browser.post("/help-now", data={"region": "NZ"}))
        typed = {"email": "alice@example.org", "password": PASSWORDS["alice"]}
        answers.append(await browser.post("/sign-in", data=typed))
    assert [answer.status_code for answer in answers] == [200, 200, 404, 200, 400, 403, 303, 303]
    assert {answer.headers["strict-transport-security"] for answer in answers} == {HTTPS_ONLY[0][1]}
    cookies = [one for answer in answers for one in answer.headers.get_list("set-cookie")]
    assert any(cookie.startswith("__Host-hearthside-region=") for cookie in cookies)
    assert any(cookie.startswith("__Host-hearthside=") for cookie in cookies)
    for cookie in cookies:
        assert re.fullmatch(
            r"__Host-[\w-]+=[\w-]+; HttpOnly; Max-Age=\d+; Path=/; SameSite=(lax|strict); Secure", cookie
        )


async def test_an_error_nobody_foresaw_is_dressed_and_tells_nothing(
    target: Target, caplog: pytest.LogCaptureFixture
) -> None:
    """The last resort answers with a sentence; neither it nor the log repeats what the error quotes."""

    async def breaks(scope, receive, send):
        raise ValueError(f"could not read {WORDS[0]}")

    app = SecurityHeaders(ErrorFallback(breaks), target.portal.app.state.config)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://127.0.0.1:8000") as browser:
        answer = await browser.get("/")
    await dressed(answer)
    assert answer.status_code == 500
    assert "went wrong on our side" in answer.text
    (record,) = [one for one in caplog.records if one.name == logs.NAME]
    line = logs.TextFormatter().format(record)
    assert WORDS[0] not in answer.text + caplog.text + line
    assert re.search(r"error=ValueError place=attacks/test_routes\.py:\d+$", line)


def test_every_path_stands_in_one_list() -> None:
    """The lists above name no address that is gone, and none twice."""
    paths = {rule.path for rule in ROUTES}
    assert FOR_ANYONE.keys() | FOR_ONESELF.keys() | WITH_A_TOKEN.keys() | OF_ANOTHER.keys() <= paths
    assert not FOR_ANYONE.keys() & FOR_ONESELF.keys()


def _data(sent: Sent) -> dict[str, list[str]]:
    data: dict[str, list[str]] = {}
    for name, value in sent:
        data.setdefault(name, []).append(value)
    return data


async def test_every_page_of_hers_can_be_left_quickly_and_names_nothing_on_request(target: Target) -> None:
    """Each page that alice can open has the way out, which Shift three times presses; and the title she asked for."""
    seen = set()
    async with target.client("alice") as browser:
        assert (await browser.post("/account/title", data={"neutral": "yes"})).status_code == 303
        for rule in ROUTES:
            if "GET" not in rule.methods or rule.audience in (Audience.CLINICIAN, Audience.ADMINISTRATOR):
                continue
            answer = await browser.get(address(rule, target.world))
            if "<title>" not in answer.text or rule.path == "/leave":
                continue
            seen.add(rule.path)
            assert 'data-leave="/leave"' in answer.text, rule.path
            assert "<title>Notes</title>" in answer.text, rule.path
            assert ("icons/page.svg" in answer.text, "icons/hearth.svg" in answer.text) == (True, False), (
                rule.path
            )
    assert len(seen) > 60


async def test_every_page_of_whoever_is_signed_in_has_the_quick_way_out(target: Target) -> None:
    """Whatever a patient, a clinician or an administrator opens, an error as well: three taps of Shift press it too."""
    without = set()
    paths = {address(rule, target.world) for rule in ROUTES if "GET" in rule.methods}
    for who in ("alice", "bob", "charlie", "erin"):
        async with target.client(who) as browser:
            for path in sorted(paths | {"/nothing-here"}):
                answer = await browser.get(path)
                if "<html" in answer.text and 'data-leave="/leave"' not in answer.text:
                    without.add(path)
    assert without == {"/leave"}
