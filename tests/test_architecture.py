"""The shape of the code: which part may import which, how long a file may be, what a page may not hold."""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parent.parent
Nodes = tuple[ast.AST, ...]
DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
OURS = frozenset({"crypto", "journal", "portal", "templates", "tests", "bench"})

# The parts of the standard library that reach outside the process, wait, or draw unsafe randomness.
# fmt: off
OUTSIDE = frozenset({
    "asyncio", "concurrent", "ctypes", "datetime", "email", "fcntl", "ftplib", "http", "imaplib",
    "importlib", "io", "logging", "marshal", "mmap", "multiprocessing", "os", "pathlib", "pickle", "random",
    "sched", "select", "selectors", "shelve", "shutil", "signal", "smtplib", "socket", "socketserver",
    "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "webbrowser",
})
# fmt: on
PURE = (frozenset(sys.stdlib_module_names) - OUTSIDE) | {"cryptography", "argon2", "idna", "regex"}


def modules(*folders: str) -> list[Path]:
    """List the Python files below *folders*, as paths from the root."""
    return sorted(path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*.py"))


def pages() -> list[Path]:
    """List the Jinja pages, as paths from the root."""
    found = (
        path for kind in ("*.html", "*.svg", "*.txt", "*.xml") for path in (ROOT / "templates").rglob(kind)
    )
    return sorted(path.relative_to(ROOT) for path in found)


def source(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def tree(path: Path) -> ast.Module:
    return ast.parse(source(path), filename=str(path))


@dataclass(frozen=True)
class Facts:
    """What several rules ask of a file, which is parsed and gone through once for all of them."""

    imports: tuple[tuple[str, str], ...]
    """Each import, wherever it stands in the file, as (module, name or nothing)."""
    defined: tuple[tuple[str, int, str], ...]
    """Each function and class, those inside others too, as (name, line, docstring or nothing)."""
    tables_of_others: frozenset[str]
    tables_in_sql: frozenset[str]
    state: tuple[str, ...]
    bent_patterns: tuple[int, ...]


@cache
def facts(path: Path) -> Facts:
    """Return what stands in a file; what else is kept of it would take a worker hundreds of megabytes."""
    module = tree(path)
    nodes = tuple(ast.walk(module))
    return Facts(
        tuple(found_imports(path, nodes)),
        tuple(
            (one.name, one.lineno, ast.get_docstring(one) or "") for one in nodes if isinstance(one, DEFINING)
        ),
        frozenset(tables_of_others(path, nodes)),
        frozenset(tables_in_sql(nodes)),
        tuple(module_state(module, nodes)),
        tuple(bent_patterns(nodes)),
    )


def imports(path: Path) -> tuple[tuple[str, str], ...]:
    return facts(path).imports


def found_imports(path: Path, nodes: Nodes) -> Iterator[tuple[str, str]]:
    """Yield each import of a file."""
    package = path.parent.parts
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((module, alias.name) for alias in node.names)


def imported_packages(path: Path) -> set[str]:
    return {module.partition(".")[0] for module, _ in imports(path)}


@pytest.mark.parametrize("path", modules("crypto"), ids=str)
def test_crypto_is_bytes_in_and_bytes_out(path):
    """`crypto` stands on `cryptography`, `argon2`, `idna`, `regex`, and of the standard library on no way outside."""
    assert imported_packages(path) - PURE - {"crypto"} == set()


@pytest.mark.parametrize("path", modules("journal"), ids=str)
def test_journal_knows_nothing_of_the_web(path):
    """`journal` imports `crypto` and itself; neither `portal` nor what serves or renders pages."""
    web = {"starlette", "uvicorn", "jinja2", "httpx"}
    assert imported_packages(path) & ((OURS | web) - {"crypto", "journal"}) == set()


@pytest.mark.parametrize("path", modules("portal", "templates"), ids=str)
def test_portal_goes_through_the_journal(path):
    """`portal` imports `journal`, and of `crypto` the root of its errors alone."""
    assert imported_packages(path) & {"tests", "bench"} == set()
    of_crypto = {(module, name) for module, name in imports(path) if module.partition(".")[0] == "crypto"}
    assert of_crypto <= {("crypto", "CryptoError"), ("crypto.errors", "CryptoError")}


VOCABULARY = frozenset(
    {
        "actor",
        "ages",
        "errors",
        "folding",
        "held_acts",
        "i18n",
        "look_alikes",
        "roles",
        "sealing",
        "stamps",
        "time_zones",
        "user_input",
    }
)
"""Modules of journal/ itself, which every room may import. They import each other, and `actor` the installation."""

ROOMS: dict[str, tuple[str, ...]] = {
    "installation": (),
    "store": (),
    "catalogue": (),
    "audit": ("installation", "store"),
    "mail": ("installation", "store"),
    "rate_limiting": ("installation", "store"),
    "accounts": ("audit", "catalogue", "mail"),
    "vault": ("accounts",),
    "sessions": ("accounts",),
    "device_copies": ("accounts",),
    "authentication": ("device_copies", "rate_limiting", "vault"),
    "passkeys": ("authentication",),
    "secret_keys": ("authentication",),
    "care": ("sessions", "vault"),
    "witness": ("authentication", "care"),
    "plan_words": ("care",),
    "entries": ("care",),
    "clinic": ("plan_words",),
    "reading_hours": ("clinic",),
    "reminders": ("reading_hours",),
    "grounding": ("entries",),
    "dosing_day": ("entries",),
    "sitter": ("clinic", "dosing_day"),
    "calendar": ("care", "rate_limiting"),
    "preparing": ("clinic", "entries"),
    "scheduling": ("plan_words", "reminders"),
    "measures": ("entries",),
    "notices": ("measures",),
    "care_notes": ("dosing_day", "measures"),
    "replies": ("care_notes", "clinic"),
    "sharing": ("replies", "scheduling"),
    "safety_plan": ("device_copies", "entries"),
    "reframing": ("sharing",),
    "check_ins": ("entries",),
    "day_lines": ("entries",),
    "evaluation": ("care_notes", "sharing"),
    "coming_talk": ("care_notes", "sharing"),
    "own_notes": ("care",),
    "today": ("check_ins", "coming_talk", "day_lines", "evaluation", "notices", "reframing"),
    "standing": ("day_lines", "dosing_day", "evaluation", "measures", "sharing"),
    "charts": ("care_notes", "day_lines", "sharing"),
    "course_summary": ("care_notes", "sharing"),
    "brief": ("coming_talk", "course_summary", "notices", "reframing", "sitter"),
    "practice": ("authentication", "care"),
    "account_reset": (
        "authentication",
        "calendar",
        "importing",
        "notices",
        "packets",
        "replies",
        "sitter",
        "witness",
    ),
    "key_rotation": (
        "calendar",
        "coming_talk",
        "importing",
        "notices",
        "own_notes",
        "packets",
        "passkeys",
        "practice",
        "reading_hours",
        "reminders",
        "replies",
        "sitter",
        "witness",
    ),
    "records": (
        "authentication",
        "care_notes",
        "coming_talk",
        "notices",
        "own_notes",
        "reading_hours",
        "sharing",
        "sitter",
    ),
    "importing": ("entries", "plan_words"),
    "fhir": ("day_lines", "records"),
    "packets": ("evaluation", "fhir"),
    "operations": (
        "account_reset",
        "coming_talk",
        "evaluation",
        "key_rotation",
        "notices",
        "own_notes",
        "reframing",
        "standing",
    ),
}
"""The rooms of journal/, lowest first, and what each may import: these, whatever these may, and the vocabulary."""

OTHERS_TABLES = {
    "account_reset.reset": (
        "begins an account anew, and ends what was shared, in one transaction",
        (
            "accounts.Account authentication.WebSession care.CareLink care.CareNote care.KeptShare care.LinkHead "
            "care.LinkRenewal care.Share care.TalkItem"
        ),
    ),
    "account_reset.reset_links": ("the link is a kind of invitation", "care.Invitation"),
    "account_reset.retained_records": (
        "sets aside every row of an account, and brings it back",
        (
            "authentication.KeyRenewal authentication.KeySlot authentication.Passkey care.CareLink care.GivenBack "
            "care.KeptShare care.Share vault.Entry vault.EntryRevision"
        ),
    ),
    "account_reset.returned_shares": (
        "takes copies that were kept into the journal again",
        "care.CareLink care.GivenBack care.KeptShare vault.Entry",
    ),
    "accounts.addresses": ("an address that is given up takes its messages along", "mail.Outbox"),
    "authentication.known_devices": ("kinds of browser stand in the profile", "accounts.Account"),
    "authentication.recovery_key": ("whether there is one stands with the account", "accounts.Account"),
    "authentication.registration": ("makes the account", "accounts.Account"),
    "authentication.sign_in": ("finds the account by its address, and changes its keys", "accounts.Account"),
    "authentication.tables": ("its rows belong to an account", "accounts.Account"),
    "calendar.tables": ("its rows belong to an account", "accounts.Account"),
    "care.share_list": ("steps what the patient remembers", "vault.RecordState"),
    "care.tables": ("its rows belong to accounts and entries", "accounts.Account vault.Entry"),
    "clinic.signatures": ("reads whose keys signed", "accounts.Account"),
    "clinic.tables": ("its rows belong to an account and a course", "accounts.Account sessions.Course"),
    "device_copies.tables": ("its rows belong to an account", "accounts.Account"),
    "entries.acceptance": ("the list of shares is accepted link by link", "care.CareLink"),
    "entries.entries": ("the vault keeps its rows", "vault.Entry"),
    "entries.removal": ("the vault keeps its rows; copies go with the entry", "care.Share vault.Entry"),
    "entries.revisions": ("the vault keeps its rows", "vault.Entry vault.EntryRevision"),
    "key_rotation.account_columns": (
        "names every column that an account's own keys seal",
        (
            "accounts.Witness care.CareLink care.Invitation care.OwnNote care.ReplyDraft care.TalkSet "
            "importing.ImportPart importing.ImportRun packets.Packet practice.SetupLink sessions.PlanKey "
            "sitter.SitterLink vault.ContentsPage vault.Entry vault.EntryRevision vault.RecordState"
        ),
    ),
    "key_rotation.account_key": (
        "changes everything that the old key opens",
        (
            "accounts.Account authentication.KeyRenewal authentication.KeySlot authentication.Passkey "
            "authentication.WebSession vault.ContentsText"
        ),
    ),
    "key_rotation.identity": (
        "another identity changes what was granted and vouched for",
        "care.CareLink care.Handover care.Invitation care.KeptShare care.LinkRenewal",
    ),
    "key_rotation.link_columns": (
        "names every column that the key of a care link seals",
        (
            "care.CareLink care.CareNote care.GivenBack care.LinkHead care.NoticePolicy care.PatientNotice care.Reply "
            "care.Share "
            "care.TalkItem"
        ),
    ),
    "key_rotation.link_key": ("seals rows of a care link anew", "care.CareLink care.LinkRenewal"),
    "key_rotation.signed_records": (
        "signs and seals anew what was for the keys of before",
        (
            "care.CareLink care.CareNote care.Reply care.TalkItem clinic.InstructionsVersion sitter.SitterLink "
            "sitter.SitterNote"
        ),
    ),
    "key_rotation.waiting": ("a link says that something waits", "care.CareLink"),
    "importing.adding": (
        "adds what a file holds: the vault keeps entries, the sessions keep theirs beside the plan",
        "vault.Entry vault.EntryRevision",
    ),
    "importing.tables": ("its rows belong to an account", "accounts.Account"),
    "importing.removal": (
        "takes out again what it added, but for what was shared",
        "care.Share sessions.Course sessions.KapSession vault.Entry",
    ),
    "notices.agreements": ("care keeps its rows, which an end of care erases", "care.NoticePolicy"),
    "notices.history": ("the same", "care.PatientNotice"),
    "notices.inbox": ("care keeps its rows, which a pause and an end erase", "care.PatientNotice"),
    "notices.moved_links": ("the same", "care.PatientNotice"),
    "notices.proposals": ("the same", "care.NoticePolicy"),
    "notices.writing": ("the same", "care.PatientNotice"),
    "replies.conversation": ("care keeps its rows, which end with a copy", "care.Reply"),
    "replies.drafts": ("the same", "care.ReplyDraft"),
    "replies.endings": ("the same", "care.Reply"),
    "replies.rows": ("care keeps its rows; a reply is about a copy", "care.Reply care.Share"),
    "replies.unread": ("the same", "care.Reply"),
    "replies.writing": ("the same", "care.Reply"),
    "witness.checking": ("a pin that is in doubt, or no longer, is written anew", "care.CareLink"),
    "operations.demo": (
        "writes a practice with a past",
        "accounts.Account authentication.WebSession practice.Practice",
    ),
    "operations.diagnostics": (
        "counts what waits, and finds the latest times",
        "audit.AuditEvent audit.AuditPending mail.Outbox vault.Entry",
    ),
    "operations.heartbeat": (
        "finds the latest times, to believe the clock",
        "account_reset.SetAside accounts.Account care.KeptShare mail.Outbox vault.Entry",
    ),
    "coming_talk.afterwards": ("care keeps its rows, which end with a care link", "care.Share care.TalkItem"),
    "coming_talk.answers": ("the same; an answer is an entry", "care.Share care.TalkItem vault.Entry"),
    "coming_talk.items": ("the same", "care.Share care.TalkItem"),
    "coming_talk.own_sets": ("care keeps its rows", "care.TalkSet"),
    "coming_talk.setting": ("care keeps its rows, which end with a care link", "care.Share care.TalkItem"),
    "care_notes.notes": ("care keeps its rows, which end with a care link", "care.CareNote"),
    "own_notes.after_care": ("care keeps its rows, and knows when it ends", "care.CareLink care.OwnNote"),
    "own_notes.notes": ("the same", "care.OwnNote"),
    "operations.retention": ("deletes entries whose week is over", "vault.Entry"),
    "passkeys.management": ("a passkey is a key slot", "authentication.KeySlot authentication.Passkey"),
    "passkeys.rows": ("restarts and renewals of keys need the rows below passkeys", "authentication.Passkey"),
    "passkeys.verification": ("the same", "authentication.Passkey"),
    "practice.account_deletion": (
        "an account goes with its sessions and its renewal",
        "accounts.Account authentication.KeyRenewal authentication.WebSession",
    ),
    "practice.audit_review": ("the head of the log at the time of reading", "audit.AuditEvent"),
    "practice.closing": ("remembers in a profile that its owner was told", "accounts.Account"),
    "practice.people": (
        "lists accounts, suspends them and counts their care",
        "accounts.Account authentication.WebSession care.CareLink",
    ),
    "practice.practice": ("looks for the accounts of the demonstration", "accounts.Account"),
    "packets.tables": ("its rows belong to an account", "accounts.Account"),
    "plan_words.carrying": (
        "seals what stood under the server key, row by row",
        "sessions.Course sessions.KapSession",
    ),
    "plan_words.courses": ("reads courses with their titles", "sessions.Course"),
    "plan_words.keys": (
        "seals the words of all sessions anew, and gives each care link its copy of the key",
        "care.CareLink sessions.KapSession",
    ),
    "plan_words.reading": ("reads the copy of the key that a care link has", "care.CareLink"),
    "practice.tables": ("its rows belong to an account", "accounts.Account"),
    "reading_hours.tables": ("its rows belong to an account", "accounts.Account"),
    "reminders.tables": ("its rows belong to an account", "accounts.Account"),
    "records.collection": ("collects every row", "sessions.KapSession vault.Entry"),
    "records.last_exports": ("asks whether an entry was changed since the export", "vault.Entry"),
    "scheduling.plan": ("the sessions keep its rows", "sessions.KapSession"),
    "sessions.tables": ("its rows belong to an account", "accounts.Account"),
    "secret_keys.secret_keys": ("signs every other browser out", "authentication.WebSession"),
    "sharing.handover_answers": (
        "care keeps its rows; a successor has an account",
        "accounts.Account care.CareLink care.Handover care.Share",
    ),
    "sharing.handover_offers": (
        "care keeps its rows; colleagues have accounts",
        "accounts.Account care.Handover",
    ),
    "sharing.ends": ("care keeps its rows", "care.Share"),
    "sharing.opening": ("care keeps its rows", "care.Share"),
    "sharing.reading": ("care keeps its rows", "care.Share"),
    "sharing.saving": ("care keeps its rows; a copy is made of an entry", "care.Share vault.Entry"),
    "sharing.shares": ("care keeps its rows", "care.Share"),
    "sharing.terms": ("care keeps its rows", "care.Share"),
    "sitter.tables": (
        "its rows belong to an account and a session",
        "accounts.Account sessions.KapSession",
    ),
    "vault.tables": ("its rows belong to an account", "accounts.Account"),
}
"""Which models of another room a module uses, and why; the list only shrinks."""


def reach(plan: dict[str, tuple[str, ...]]) -> dict[str, frozenset[str]]:
    """Return for each room all rooms that it may import; raises `CycleError` where the plan has a circle."""
    reached: dict[str, frozenset[str]] = {}
    for room in TopologicalSorter(plan).static_order():
        reached[room] = frozenset({room}).union(*(reached[below] for below in plan[room]))
    return reached


SHARED = frozenset({"config", "logs", "origins"})
"""Modules of portal/ itself, which all its rooms may import. They import each other only."""

PORTAL_ROOMS: dict[str, tuple[str, ...]] = {
    "web": (),
    "http": ("web",),
    "access": ("http",),
    "paper": (),
    "documents": ("paper", "web"),
    "views.account": ("access", "documents"),
    "views.sign_in": ("views.account",),
    "views.warnings": ("access", "documents"),
    "views.sessions": ("access", "documents"),
    "views.sharing": ("access", "documents"),
    "views.grounding": ("access", "documents"),
    "views.preparing": ("views.sessions",),
    "views.notices": ("access", "documents"),
    "views.measures": ("views.notices",),
    "views.safety_plan": ("access", "documents"),
    "views.replies": ("access", "documents"),
    "views.reframing": ("views.sessions", "views.sharing"),
    "views.journal": ("views.notices", "views.reframing"),
    "views.patients": ("views.notices", "views.replies", "views.sessions", "views.sharing"),
    "views.administration": ("access", "documents"),
    "views.public": ("access", "documents"),
    "views.check_ins": ("views.journal",),
    "views.day_lines": ("access", "documents"),
    "views.charts": ("access", "documents"),
    "views.coming_talk": ("views.sessions",),
    "views.evaluation": ("views.sharing",),
    "views.own_notes": ("access", "documents"),
    "views.packets": ("paper", "views.sharing"),
    "views.importing": ("access", "documents"),
    "views": ("views.administration", "views.check_ins"),
    "routes": (
        "views",
        "views.sign_in",
        "views.journal",
        "views.grounding",
        "views.charts",
        "views.coming_talk",
        "views.day_lines",
        "views.evaluation",
        "views.importing",
        "views.measures",
        "views.notices",
        "views.own_notes",
        "views.packets",
        "views.patients",
        "views.preparing",
        "views.public",
        "views.replies",
        "views.safety_plan",
        "views.warnings",
    ),
    "background": ("web",),
    "app": ("routes", "background"),
    "cli": ("app",),
}
"""The rooms of portal/, as for journal/, and the modules that put them together."""

PLANS = {"journal": ROOMS, "portal": PORTAL_ROOMS}
PACKAGES = [
    (top, room)
    for top, plan in PLANS.items()
    for room in plan
    if (ROOT / top / room.replace(".", "/")).is_dir()
]


@cache
def room_of(module: str) -> str:
    """Return the room of a module of journal/ or portal/, by its dotted name; nothing for what all may import."""
    top, *inside = module.split(".")
    rooms = (".".join(inside[:length]) for length in (2, 1))
    return next((room for room in rooms if room in PLANS.get(top, {})), "")


def imported_modules(path: Path) -> Iterator[str]:
    """Yield each module of journal/ and portal/ that a file imports, and whatever it takes from a package."""
    for module, name in imports(path):
        if module.partition(".")[0] in PLANS:
            there = ROOT / Path(*module.split("."))
            yield f"{module}.{name}".rstrip(".") if there.is_dir() else module


def in_journal() -> list[Path]:
    """List the modules of journal/ that the plan is about."""
    return [path for path in modules("journal") if path.parts[1] not in ("migrations", "__init__.py")]


def in_portal() -> list[Path]:
    """List the modules of portal/."""
    return [path for path in modules("portal") if path.parts[1] != "__init__.py"]


def dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts)


@pytest.mark.parametrize("path", [*in_journal(), *in_portal()], ids=str)
def test_every_import_obeys_the_plan_of_rooms(path):
    """A room imports only what the plan lets it, also for types alone; what all may import imports no room."""
    top, room = path.parts[0], room_of(dotted(path))
    allowed = reach(PLANS[top])[room] if room else {"installation"} if path.stem == "actor" else set()
    there = {room_of(module) for module in imported_modules(path) if module.startswith(f"{top}.")} - {""}
    assert there - allowed == set()
    assert room or path.stem in {"journal": VOCABULARY, "portal": SHARED}[top]


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS.keys())
def test_a_circle_of_rooms_is_refused(plan):
    """The plan is acyclic, and a plan with a circle would be noticed."""
    reach(plan)
    with pytest.raises(CycleError):
        reach({"one": ("other",), "other": ("one",)})


def face(top: str, room: str) -> Path:
    return Path(top, *room.split("."), "__init__.py")


@cache
def public(top: str, room: str) -> frozenset[str]:
    """Return what the `__init__` of a room names as public."""
    listed = [node.value for node in tree(face(top, room)).body if isinstance(node, ast.Assign)]
    return frozenset(name for names in listed for name in ast.literal_eval(names))


@pytest.mark.parametrize(("top", "room"), PACKAGES)
def test_a_room_has_a_face(top, room):
    """Its `__init__` says what it is for, names its public modules, and imports nothing: commands start soon."""
    path = face(top, room)
    assert ast.get_docstring(tree(path))
    assert imports(path) == ()
    assert [name for name in public(top, room) if not (ROOT / path).with_stem(name).exists()] == []


def test_the_plan_names_what_there_is():
    """No package of journal/ or portal/ stands outside the plan, and the plan names none that is not there."""
    for top, paths in (("journal", in_journal()), ("portal", in_portal())):
        assert {room_of(dotted(path)) for path in paths} - {""} == PLANS[top].keys()
    folders = {path.parent for path in [*in_journal(), *in_portal()]} - {Path("journal"), Path("portal")}
    assert folders == {face(*one).parent for one in PACKAGES}


@pytest.mark.parametrize("top", PLANS)
def test_tests_stand_in_folders_of_their_rooms(top):
    """Whoever changes a room finds its tests under the same name."""
    folders = {path.parent.relative_to("tests") for path in modules(f"tests/{top}")}
    assert folders - {face(*one).parent for one in PACKAGES} == {Path(top)}


def test_every_room_stands_in_the_glossary():
    """Whoever meets the name of a room finds what it is for, as the room itself says it."""
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    for top, room in PACKAGES:
        said = " ".join((ast.get_docstring(tree(face(top, room))) or "").split())
        assert f"| `{room.replace('.', '/')}` | {said} |" in glossary


@pytest.mark.parametrize("path", modules("journal", "portal", "bench"), ids=str)
def test_only_what_is_public_is_imported_from_outside(path):
    """What another room, another part or a benchmark imports is named in the face of its room; for tables see below."""
    own = room_of(dotted(path))
    hidden = {
        module
        for module in imported_modules(path)
        if (there := room_of(module)) and there != own and (module.split(".")[0], there) in PACKAGES
        if f"{module}.".removeprefix(f"{module.split('.')[0]}.{there}.").partition(".")[0]
        not in public(module.split(".")[0], there) | {"tables"}
    }
    assert hidden == set()


def tables_of_others(path: Path, nodes: Nodes) -> set[str]:
    """Return the models of other rooms that a module uses, each as `room.Model`."""
    own = room_of(dotted(path))
    used: set[str] = set()
    called: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("journal."):
            room = node.module.split(".")[1]
            if node.module.endswith(".tables"):
                used |= {f"{room}.{alias.name}" for alias in node.names if room != own}
            called |= {alias.asname or alias.name: room for alias in node.names if alias.name == "tables"}
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in called:
            used |= {f"{called[node.value.id]}.{node.attr}"} if called[node.value.id] != own else set()
    return used


@pytest.mark.parametrize("path", [*in_journal(), *in_portal()], ids=str)
def test_tables_of_another_room_are_used_where_the_list_says(path):
    """Each room keeps its own rows; who uses another's stands in one list, with a reason."""
    name = ".".join(path.with_suffix("").parts[1:])
    _, listed = OTHERS_TABLES.get(name, ("", ""))
    assert facts(path).tables_of_others == set(listed.split())


SQL_OF_OTHERS = {
    "account_reset.returned_shares": (
        "finds the link that there was before",
        "care.care_link care.link_renewal",
    ),
    "accounts.addresses": (
        "the practice's row, which is one, is locked while all addresses move",
        "practice.practice",
    ),
    "accounts.current_keys": (
        "a change of keys and a session that has ended are noticed in the transaction of every write",
        "authentication.key_renewal authentication.web_session",
    ),
    "audit.verification": ("every account must have been opened in the log", "accounts.account"),
    "authentication.key_slots": (
        "an address finds the account whose slot opens; the epoch stands there",
        "accounts.account",
    ),
    "authentication.web_sessions": (
        "a session, its account and how far that has come are read at once",
        "accounts.account accounts.witness audit.audit_event vault.record_state",
    ),
    "care.links": (
        "a link, the peer's account and whether their keys changed are read at once",
        "accounts.account accounts.succession authentication.key_renewal sessions.plan_key",
    ),
    "care.past_upgrade": ("who cared in the past is read from the log, once", "audit.audit_event"),
    "care.share_list": ("the list of shares is a part of the record's state", "vault.record_state"),
    "device_copies.copies": (
        "a copy is kept by the browser of a session",
        "authentication.web_session",
    ),
    "entries.entries": ("the vault keeps its rows", "vault.entry"),
    "entries.listing": ("the vault keeps its rows", "vault.contents vault.entry vault.record_state"),
    "entries.page_search": ("the vault keeps its rows", "vault.record_state"),
    "entries.page_texts": ("the vault keeps its rows", "vault.contents_text"),
    "entries.revisions": ("the vault keeps its rows", "vault.entry_revision"),
    "operations.account_marks": (
        "an account's numbers are one statement",
        (
            "accounts.account accounts.witness audit.audit_event audit.audit_pending authentication.second_factor "
            "vault.record_state"
        ),
    ),
    "operations.backup": (
        "a backup is opened with the server key before it is restored",
        "practice.practice",
    ),
    "operations.restoration": (
        "finds the last time that a backup is of",
        "audit.audit_event audit.audit_pending vault.entry",
    ),
    "own_notes.after_care": ("notes whose care ended are one statement", "care.care_link care.own_note"),
    "plan_words.keys": (
        "whatever stands under the key of a plan is sealed anew with it",
        "clinic.instructions_version sessions.course sessions.kap_session",
    ),
    "plan_words.reading": (
        "the words of sessions and the key that seals them are read at once",
        "sessions.kap_session sessions.plan_key",
    ),
    "records.collection": ("collects every row", "vault.entry vault.entry_revision"),
    "replies.unread": (
        "what is new of copies and replies, and left of drafts and own notes, is one statement",
        "care.care_link care.own_note care.reply care.reply_draft care.share",
    ),
    "sharing.reading": (
        "a copy is checked against the list of shares, and stands with its replies",
        "care.reply care.share vault.record_state",
    ),
    "sharing.recipients": ("who reads what is one statement", "accounts.account care.care_link care.share"),
    "witness.checking": ("what two people note for each other goes with their link", "care.link_head"),
    "witness.reading": ("the same", "care.care_link care.link_head"),
    "sharing.shares": (
        "a copy, its link and its entry are read at once",
        "care.care_link care.share vault.entry",
    ),
}
"""Whose tables the SQL of a module names besides those of its own room, and why; the list only shrinks."""

NAMED_IN_SQL = re.compile(r'\b(?:FROM|JOIN|INTO|UPDATE)\s+"?([a-z_]+)')


KEPT_BY = {
    ast.literal_eval(node.value): path.parts[1]
    for path in modules("journal")
    if path.stem == "tables"
    for node in ast.walk(tree(path))
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "table"
}
"""Which room keeps which table of the database."""


def tables_in_sql(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the tables that the SQL of a module names."""
    texts = [node.value for node in nodes if isinstance(node, ast.Constant)]
    return {name for text in texts if isinstance(text, str) for name in NAMED_IN_SQL.findall(text)}


@pytest.mark.parametrize("path", [*in_journal(), *in_portal()], ids=str)
def test_sql_names_tables_of_another_room_where_the_list_says(path):
    """Each room keeps its own rows; what is written out in SQL stands in a list of its own, with a reason."""
    own = room_of(dotted(path))
    used = {f"{KEPT_BY[name]}.{name}" for name in facts(path).tables_in_sql if KEPT_BY.get(name, own) != own}
    _, listed = SQL_OF_OTHERS.get(".".join(path.with_suffix("").parts[1:]), ("", ""))
    assert used == set(listed.split())


def test_tables_are_found_in_sql():
    """What the rule above looks for is found, in plain texts and in those that are put together."""
    code = """A = "SELECT a FROM share JOIN entry ON b"; B = f'UPDATE "contents" SET {c}'; D = "DELETE FROM outbox;" """
    assert tables_in_sql(ast.walk(ast.parse(code))) == {"share", "entry", "contents", "outbox"}
    assert tables_in_sql(ast.walk(ast.parse("A = 'Take it from share'"))) == set()


@pytest.mark.parametrize("listed", [OTHERS_TABLES, SQL_OF_OTHERS], ids=["models", "sql"])
def test_who_uses_tables_of_others_is_there(listed):
    """A module that is gone leaves the lists."""
    assert [
        name for name in listed if not (ROOT / "journal" / name.replace(".", "/")).with_suffix(".py").exists()
    ] == []


def test_no_folder_is_crowded():
    """A folder of journal/ or portal/ holds at most 14 Python files, so that it is seen at once.

    Migrations are a ledger, read by number: it grows.
    """
    files = Counter(path.parent for path in modules("journal", "portal") if "migrations" not in path.parts)
    assert [str(folder) for folder, count in files.items() if count > 14] == []


def longest_allowed(path: Path) -> int | None:
    """Return the most lines that *path* may have, or None where there is no limit."""
    match path.parts:
        case ["crypto", *_]:
            return 250
        case ["journal", "migrations", *_]:
            return None
        case ["journal", *_]:
            return 400
        case ["portal", "views", *_]:
            return 250
        case ["templates", *_]:
            return 100
    return None


@pytest.mark.parametrize("path", [*modules("crypto", "journal", "portal", "templates"), *pages()], ids=str)
def test_a_file_says_one_thing(path):
    """A file is short enough to be read at once, and its name tells what is in it."""
    limit = longest_allowed(path)
    assert limit is None or len(source(path).splitlines()) <= limit
    assert not re.search(r"util|helper|manager|misc", path.stem)


@pytest.mark.parametrize("path", modules("crypto", "journal"), ids=str)
def test_what_is_public_is_documented(path):
    """Each module, public function and public class of `crypto` and `journal` says what it is for."""
    if path.parts[:2] == ("journal", "migrations"):
        return
    module = tree(path)
    public = [
        node
        for node in module.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_"
    ]
    bare = [node.name for node in public if not ast.get_docstring(node)]
    if not source(path).strip():
        return
    assert ast.get_docstring(module)
    assert bare == []


RETIRED = """
House NotAsLeft Visit Given Shared Found Kept Looked Readied NotNow
turn greet found look looked kept stay the_given together several every go_on words_of stretch as_left
"""
"""Names that journal/ and portal/ had before they took the field's: no class and no function has one again."""
RETIRED_MODULES = """
actors planning_zones house store store_sqlite throttle tries mailing profile new_accounts freshness planning
planning_sessions session_rows my_sessions agenda websessions visits locking devices recovery enrolment passkey_rows
passkey_proof passkey_use ceremonies vouching share_lists readers welcoming leaving the_log restarts restart_links
set_aside giving_back renewal own_keys rotation server_sealed presence export_records export_format soundness purging
demo_texts settling words inert wire last_resort source device auth link_tries log_words cli surroundings lock setup
welcome professions crisis session_form_page disclosure_lines remembered compared typed belonging one_write short_way
pieces
"""
"""The same of modules: `words` is `translation` today, and `visits` are `active_sessions`."""
RETIRED_BEGINNINGS = ("forms_", "audit_check", "brief_", "cli_", "tables_")
OLD_OPENINGS = frozenset({"Give", "Gives", "Tell", "Tells", "Say", "Says", "Let", "Lets"})
"""How a docstring began that now says what is returned."""


@pytest.mark.parametrize("path", modules("journal", "portal"), ids=str)
def test_retired_names_do_not_come_back(path):
    """No module, class or function has a name that was given up, and no docstring begins as they once did."""
    if path.parts[:2] == ("journal", "migrations"):
        return
    assert path.stem not in RETIRED_MODULES.split()
    assert not path.stem.startswith(RETIRED_BEGINNINGS)
    for name, line, docstring in facts(path).defined:
        assert name.strip("_") not in RETIRED.split(), line
        assert (docstring or "-").split()[0] not in OLD_OPENINGS, line


RAISED = re.compile(r"^ +(\w+): ", re.MULTILINE)


def raised(docstring: str) -> set[str]:
    """Return the errors that a docstring names under Raises."""
    _, _, after = docstring.partition("Raises:\n")
    indent = len(after) - len(after.lstrip(" "))
    return {
        found[1]
        for found in RAISED.finditer(after.split("\n\n")[0])
        if len(found[0]) - len(found[0].lstrip()) == indent
    }


def test_errors_in_docstrings_are_there():
    """What a docstring says is raised is a class of ours, of a library's or of Python's, under its present name."""
    known = {
        name for path in modules("crypto", "journal", "portal") for name, _, _ in facts(path).defined
    } | set(dir(builtins))
    known |= {name for path in modules("crypto", "journal", "portal") for _, name in imports(path)}
    for path in modules("crypto", "journal", "portal"):
        for _, line, docstring in facts(path).defined:
            assert raised(docstring) <= known, (path, line)


PAST_THE_READER = frozenset({"values_list", "get_or_none", "select_related", "prefetch_related", "in_bulk"})
READING = PAST_THE_READER | {"all", "filter", "exclude", "order_by", "limit", "first", "get", "values"}


def orm_reading(module: ast.Module) -> Iterator[str]:
    """Yield what has the ORM make rows of what storage holds: the first wrong value would end the whole list."""
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and node.attr in PAST_THE_READER:
            yield node.attr
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            called = node.value.func
            if (
                isinstance(called, ast.Attribute)
                and called.attr in READING
                and "tables." in ast.unparse(called)
            ):
                yield ast.unparse(called)


@pytest.mark.parametrize("path", modules("journal"), ids=str)
def test_rows_are_read_in_one_place(path):
    """Every row goes through `journal/store/rows.py`; the audit log has a reading of its own, as strangers' data."""
    if path != Path("journal/store/rows.py") and (path.parts[1] != "audit" or path.stem == "events"):
        assert list(orm_reading(tree(path))) == []


def test_the_orms_own_reading_is_recognised():
    """What the rule above forbids is found, and asking, counting and changing are not."""
    forbidden = ("tables.A.get_or_none(id=1)", "tables.A.filter(a=1).order_by('a')", "tables.A.all().first()")
    for code in forbidden:
        assert list(orm_reading(ast.parse(f"async def f(): return await {code}")))
    for code in (
        "tables.A.filter(a=1).update(a=2)",
        "tables.A.filter(a=1).exists()",
        "read(R, tables.A.filter())",
    ):
        assert not list(orm_reading(ast.parse(f"async def f(): return await {code}")))


MUTABLE_LITERALS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
MUTABLE_CALLS = frozenset(
    {"list", "dict", "set", "bytearray", "defaultdict", "deque", "Counter", "OrderedDict"}
)


def module_state(module: ast.Module, nodes: Nodes) -> Iterator[str]:
    """Yield the names that a module could use to remember something between requests."""
    for node in nodes:
        if isinstance(node, ast.Global):
            yield from node.names
    for node in module.body:
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets, value = [node.target], node.value
        else:
            continue
        called = value.func if isinstance(value, ast.Call) else None
        mutable = isinstance(value, MUTABLE_LITERALS) or (
            isinstance(called, ast.Name) and called.id in MUTABLE_CALLS
        )
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        # By custom nobody writes to a constant, which capitals mark.
        yield from (name for name in names if mutable and not name.isupper() and name != "__all__")


@pytest.mark.parametrize("path", modules("crypto", "journal", "portal", "templates"), ids=str)
def test_modules_remember_nothing(path):
    """No module keeps state: no `global`, no list, dict or set of its own that is not a constant."""
    assert facts(path).state == ()


WAITING = Path("tests/waiting.py")
BY_TIME = frozenset({
    "sleep", "wait", "wait_for", "wait_for_timeout", "timeout", "timeout_at", "join", "call_later", "settimeout",
    "set_default_timeout", "set_default_navigation_timeout",
})  # fmt: skip
IMPATIENT = {"AsyncClient": "transport", "asyncpg.connect": "timeout"}
"""What gives up after some seconds by itself, and what it has to be told so that it does not."""


def is_patient(given: ast.expr) -> bool:
    """Return whether an argument stands for the one bound that there is, or for none."""
    return "PATIENCE" in ast.unparse(given) or (isinstance(given, ast.Constant) and not given.value)


BARE = Path("tests/bare_machine.py")  # no test: it builds a machine, for as long as that takes


def own_times(module: ast.Module) -> Iterator[str]:
    """Yield each place at which a test waits for a time, or lets a library do so."""
    for node in ast.walk(module):
        found = False
        if isinstance(node, ast.Import):
            found = any(alias.name == "time" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found = node.module == "time"
        elif isinstance(node, ast.Assign):
            names = "".join(map(ast.unparse, node.targets))
            found = "PATIENCE" in names and not is_patient(node.value)
        elif isinstance(node, ast.Call):
            name, keywords = ast.unparse(node.func), {one.arg or "": one.value for one in node.keywords}
            given = [
                keywords[key]
                for key in keywords
                if ("timeout" in key and key not in ("command_timeout", "statement_timeout"))
                or key == "deadline"
            ]
            if name.rpartition(".")[2] in BY_TIME:
                given += [one for one in node.args if isinstance(getattr(one, "value", None), int | float)]
            found = not all(map(is_patient, given)) or IMPATIENT.get(name) not in {None, *keywords}
        if found:
            yield f"line {getattr(node, 'lineno', 0)}: {ast.unparse(node)}"


@pytest.mark.parametrize("path", modules("tests"), ids=str)
def test_tests_wait_for_events(path):
    """No test waits for a time or gives up after one of its own: both would depend on how busy the machine is."""
    assert path in (WAITING, BARE) or list(own_times(tree(path))) == []


@pytest.mark.parametrize(
    "line",
    [
        "await asyncio.sleep(0.1)",
        "import time",
        "from time import monotonic",
        "PATIENCE = 5",
        "process.wait(30)",
        "await asyncio.wait({task}, timeout=0.05)",
        "page.set_default_timeout(15_000)",
        "await expect(page).to_have_title('Weather', timeout=2 * 1000)",
        "AsyncClient(base_url=origin)",
        "await asyncpg.connect(url)",
        "settings(deadline=200)",
    ],
)
def test_a_time_of_its_own_is_found(line):
    """The rule above recognises what it forbids."""
    assert list(own_times(ast.parse(line)))


@pytest.mark.parametrize(
    "line",
    [
        "await asyncio.sleep(0)",
        "process.wait()",
        "', '.join(words)",
        "await asyncpg.connect(url, timeout=PATIENCE)",
        "expect.set_options(timeout=1000 * PATIENCE)",
        "AsyncClient(transport=ASGITransport(app))",
        "settings(deadline=None)",
        "from datetime import time",
    ],
)
def test_waiting_for_an_event_passes(line):
    """The rule above lets through how tests wait."""
    assert list(own_times(ast.parse(line))) == []


FORBIDDEN_IN_PAGES = {
    "an inline script": re.compile(r"<script\b(?![^>]*\ssrc=)", re.IGNORECASE),
    "an inline style sheet": re.compile(r"<style\b", re.IGNORECASE),
    "a style attribute": re.compile(r"\sstyle\s*=", re.IGNORECASE),
    "an event handler": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.IGNORECASE),
    "an htmx handler": re.compile(r"\bhx-on\b"),
    "an htmx expression": re.compile(r"\bhx-[a-z-]+\s*=\s*[\"'](?:js|javascript):"),
    "an htmx trigger filter": re.compile(r"\bhx-trigger\s*=\s*[\"'][^\"']*\["),
    "a script address": re.compile(r"=\s*[\"']\s*javascript:", re.IGNORECASE),
    "a field that changes an address": re.compile(r"<input\b[^>]*\stype\s*=\s*[\"']email"),
    "another origin": re.compile(r"(?:src|srcset)\s*=\s*[\"'](?:https?:)?//", re.IGNORECASE),
}


@pytest.mark.parametrize("path", pages(), ids=str)
def test_pages_obey_the_content_security_policy(path):
    """A page holds nothing that the policy would block, or that would need the policy to be loosened."""
    text = source(path)
    assert [name for name, pattern in FORBIDDEN_IN_PAGES.items() if pattern.search(text)] == []


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("an inline script", '<script type="module">start()</script>'),
        ("an inline style sheet", "<style>p { margin: 0 }</style>"),
        ("a style attribute", '<p style="margin: 0">'),
        ("an event handler", '<button onclick="save()">'),
        ("an htmx handler", '<form hx-on:submit="save()">'),
        ("an htmx expression", '<form hx-vals="js:{now: Date.now()}">'),
        ("an htmx trigger filter", '<input hx-trigger="keyup[ctrlKey]">'),
        ("a script address", '<a href="javascript:save()">'),
        ("a field that changes an address", '<input name="email" type="email">'),
        ("another origin", '<img src="//elsewhere.example/pixel.png">'),
    ],
)
def test_each_rule_for_pages_catches_its_example(name, page):
    """The rules above recognise what they forbid."""
    assert FORBIDDEN_IN_PAGES[name].search(page)


def test_an_ordinary_page_passes_every_rule():
    """The rules above accept the code as it is written."""
    page = '<script src="/static/js/journal.js" defer></script><form hx-post="/journal" hx-trigger="change">'
    assert not any(pattern.search(page) for pattern in FORBIDDEN_IN_PAGES.values())


PATTERNS = frozenset(
    {"compile", "findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn"}
)
"""Functions of `re` and `regex` whose first argument is a pattern."""


def bent_patterns(nodes: Nodes) -> Iterator[int]:
    """Yield each line on which a function builds a pattern of something else than a constant."""
    within = {
        inner
        for outer in nodes
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(outer)
    }
    yield from (
        node.lineno
        for node in within
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("re", "regex")
        and (
            node.func.attr == "escape"
            or (node.func.attr in PATTERNS and not isinstance(node.args[0], ast.Constant))
        )
    )


@pytest.mark.parametrize("path", modules("crypto", "journal", "portal", "templates"), ids=str)
def test_no_pattern_is_built_from_what_was_typed(path):
    """A pattern is written down as it is, or put together of constants while its module is loaded."""
    assert facts(path).bent_patterns == ()


@pytest.mark.parametrize("path", modules("crypto", "journal", "portal", "templates"), ids=str)
def test_text_is_normalised_in_one_place(path):
    """Normalising is bounded in `crypto.bounded`, and nobody goes round it."""
    if path == Path("crypto/bounded.py"):
        return
    assert ("unicodedata", "normalize") not in set(imports(path))
    assert "unicodedata.normalize" not in source(path)
