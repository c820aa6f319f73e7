"""A bundle is FHIR R4 to readers that we did not write, and holds what was given and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from journal.catalogue.fields import Answer
from journal.fhir.bundle import write_bundle
from journal.fhir.chart import Chart
from journal.fhir.exports import Fhir, build_charts, frame_chart, write_bundles
from journal.fhir.frame import Frame
from journal.measures.instruments import list_instruments
from journal.records.schema import EntryRecord
from tests.journal.fhir.made import NOON, entry, journals, measure_lines, records, session
from tests.journal.fhir.reading import Resource, list_words
from tests.journal.fhir.validators import (
    Structures,
    check_bundle,
    check_codes,
    check_model,
    check_schema,
    problems,
)

CHART = "fhir/records.json"
LOINC = "http://loinc.org"
ONE, OTHER = UUID(int=1000), UUID(int=1001)


def chart_of(entries: tuple[EntryRecord, ...] | None = None, **changes: Any) -> Chart:
    return build_charts(records(entries, **changes), "0.1.0")[CHART]


def bundle_of(chart: Chart, chosen: Fhir = Fhir.NAMED) -> Resource:
    read: Resource = json.loads(write_bundle(frame_chart(chart, chosen)))
    return read


def of_kind(bundle: Resource, kind: str) -> list[Resource]:
    return [one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == kind]


def text_of(bundle: Resource) -> str:
    """Every word in a bundle, those in binaries too."""
    return "\n".join(list_words(bundle))


@pytest.mark.parametrize("chosen", [Fhir.NAMED, Fhir.PSEUDONYMOUS])
def test_a_journal_with_something_of_everything_is_r4(structures: Structures, chosen: Fhir) -> None:
    """Schema, definitions and models have nothing to say about it, by name or under a pseudonym."""
    bundle = bundle_of(chart_of(), chosen)
    assert problems(bundle, structures) == []
    kinds = {one["resource"]["resourceType"] for one in bundle["entry"]}
    assert kinds >= {
        "Patient",
        "Practitioner",
        "Encounter",
        "EpisodeOfCare",
        "QuestionnaireResponse",
        "Observation",
    }
    assert kinds >= {
        "DocumentReference",
        "Binary",
        "Consent",
        "Provenance",
        "AuditEvent",
        "MedicationStatement",
    }
    assert ("Organization" in kinds) is (chosen is Fhir.NAMED)


@settings(max_examples=20, deadline=None)
@given(entries=journals(), chosen=st.sampled_from((Fhir.NAMED, Fhir.PSEUDONYMOUS)))
def test_any_journal_is_r4(structures: Structures, entries: tuple[EntryRecord, ...], chosen: Fhir) -> None:
    """Whatever is in it, in whichever script and with whichever signs."""
    assert problems(bundle_of(chart_of(entries), chosen), structures) == []


def test_nothing_at_all_is_r4(structures: Structures) -> None:
    """The bundle of an account in which nothing was written yet is one."""
    empty = Chart(ONE, records().made_at, "0.1.0")
    assert problems(bundle_of(empty), structures) == []


Change = Callable[[Resource], object]
MUTANTS: dict[str, tuple[str, Change, str]] = {
    "a status that R4 does not know": ("Encounter", lambda one: one.update(status="done"), "schema"),
    "an element that R4 does not know": (
        "Patient",
        lambda one: one.update(mood="calm"),
        "schema structures model",
    ),
    "a time without its zone": (
        "DocumentReference",
        lambda one: one.update(date="2026-11-22T12:00:00"),
        "schema structures model",
    ),
    "no status": ("Observation", lambda one: one.pop("status"), "structures model"),
    "a session without a class": ("Encounter", lambda one: one.pop("class"), "schema structures model"),
    "a share without policy (ppc-1)": ("Consent", lambda one: one.pop("policyRule"), "structures"),
    "an empty text": ("Practitioner", lambda one: one.update(name=[{"text": ""}]), "schema model"),
    "two values of one observation": (
        "Observation",
        lambda one: one.update(valueQuantity={"value": 1, "unit": "x"}, valueString="one"),
        "model bundle",
    ),
    "a blood pressure without its lower number": (
        "Observation",
        lambda one: one["component"].pop(1),
        "structures",
    ),
    "a number without a unit": ("Encounter", lambda one: one["length"].pop("code"), "bundle"),
    "a label that HL7 does not have": (
        "Patient",
        lambda one: one["meta"]["security"][0].update(code="SECRET"),
        "codes",
    ),
    "a reference that leads nowhere": (
        "Encounter",
        lambda one: one["subject"].update(reference="urn:uuid:00000000-0000-4000-8000-000000000000"),
        "bundle",
    ),
    "a hash of something else": (
        "DocumentReference",
        lambda one: one["content"][0]["attachment"].update(hash="AAAA"),
        "bundle",
    ),
    "an id that is there twice": ("Bundle", lambda one: one["entry"].append(one["entry"][0]), "bundle"),
}
"""What a receiver would refuse: the resource, the change, and which of the readers see it."""


@pytest.mark.parametrize("name", MUTANTS)
def test_what_a_receiver_would_refuse_is_seen(structures: Structures, name: str) -> None:
    """Each reader sees its mutants: what passes all of them is not passed for want of looking."""
    kind, change, seen_by = MUTANTS[name]
    bundle = bundle_of(chart_of())
    found = [bundle] if kind == "Bundle" else of_kind(bundle, kind)
    mutant = next(one for one in found if "pressure" not in name or "mm[Hg]" in json.dumps(one))
    before = deepcopy(mutant)
    change(mutant)
    assert mutant != before
    checks: dict[str, Callable[[], list[str]]] = {
        "schema": lambda: check_schema(mutant),
        "structures": lambda: structures.check(mutant),
        "model": lambda: check_model(mutant),
        "codes": lambda: check_codes(bundle),
        "bundle": lambda: check_bundle(bundle),
    }
    if kind == "Bundle":
        del checks["structures"]
    assert " ".join(one for one, check in checks.items() if check()) == seen_by


@given(entries=journals())
@settings(max_examples=20)
def test_the_same_records_make_the_same_bytes(entries: tuple[EntryRecord, ...]) -> None:
    """By name, and under a pseudonym with the same ids; with others drawn no id is the same."""
    chart = chart_of(entries)
    assert write_bundle(frame_chart(chart, Fhir.NAMED)) == write_bundle(frame_chart(chart, Fhir.NAMED))
    one, other = (
        json.loads(write_bundle(Frame(chart, space, is_pseudonymous=True))) for space in (ONE, OTHER)
    )
    assert write_bundle(Frame(chart, ONE, is_pseudonymous=True)) == write_bundle(
        Frame(chart, ONE, is_pseudonymous=True)
    )
    assert not {one["fullUrl"] for one in one["entry"]} & {one["fullUrl"] for one in other["entry"]}


NAMES = ("Alice Sample", "Bob Example", "alice@example.org", "+49 30 1234567", "Quiet Practice")
NEVER = ("Emil", "+49 30 7654321", "Sam Sitter", "Priya Prescriber", "the plan's note", "what only she knows")


def test_a_pseudonym_names_nobody() -> None:
    """No name, address, practice or id is left of an account; dates and what was written are."""
    named, hidden = (text_of(bundle_of(chart_of(), one)) for one in (Fhir.NAMED, Fhir.PSEUDONYMOUS))
    assert [one for one in NAMES if one not in named] == []
    assert [one for one in NAMES if one in hidden] == []
    ids = [str(UUID(int=number)) for number in range(1, 100)]
    assert [one for one in ids if one in hidden] == []
    assert "What the door might be" in hidden
    assert "2026-11-20" in hidden
    assert "As told by Dr. Elsewhere" in named
    assert "As told by Dr. Elsewhere" not in hidden


def test_a_pseudonym_leaves_out_names_that_fields_are_for() -> None:
    """Who wrote a kept note, and who told a total, are not said in the words of their documents either."""
    stamp, odd = "Bob Example, M. A., therapist, 2026-11-21", "Bob Example, of another form"
    kept = (
        entry(63, "plan_note", {"plan.focus": "The door", "plan.by": stamp}),
        entry(64, "plan_note", {"plan.by": odd}),
        entry(65, "measure", {"measure.score": "MADRS\n2026-11-19\n14,5\nDr. Elsewhere"}),
    )
    named, hidden = (text_of(bundle_of(chart_of(kept), one)) for one in (Fhir.NAMED, Fhir.PSEUDONYMOUS))
    assert [one for one in (stamp, odd, "Dr. Elsewhere") if one not in named] == []
    assert [one for one in ("Bob", "Elsewhere") if one in hidden] == []
    assert [
        one for one in ("The door", "therapist, 2026-11-21", "MADRS\n2026-11-19\n14,5") if one not in hidden
    ] == []


def test_what_others_are_called_and_the_safety_plan_stay_out() -> None:
    """Emergency contact, sitter, prescriber, the note of a session and the safety plan are in no such bundle."""
    for chosen in (Fhir.NAMED, Fhir.PSEUDONYMOUS):
        said = text_of(bundle_of(chart_of(), chosen))
        assert [one for one in NEVER if one in said] == []


@given(data=st.data())
@settings(max_examples=20)
def test_it_holds_no_word_of_what_was_not_given(data: st.DataObject) -> None:
    """A word of an entry is in the bundle exactly if the entry is; leaving another out changes no byte of the rest."""
    everything = [
        entry(200 + number, "free", {"free.text": f"word{number}body"}, title=f"word{number}title")
        for number in range(4)
    ]
    chosen = [one for one in everything if data.draw(st.booleans())]
    bundle = bundle_of(chart_of(tuple(chosen)))
    said = text_of(bundle)
    for number, one in enumerate(everything):
        for part in ("body", "title"):
            assert (f"word{number}{part}" in said) is (one in chosen)
    whole = {one["fullUrl"]: one for one in bundle_of(chart_of(tuple(everything)))["entry"]}
    about_all = {"Provenance", "Consent"}
    for one in bundle["entry"]:
        if one["resource"]["resourceType"] not in about_all:
            assert whole[one["fullUrl"]] == one


def test_every_resource_says_how_confidential_it_is() -> None:
    """Each is restricted; what was written says of what kind; under a pseudonym each says that it is one."""
    for chosen in (Fhir.NAMED, Fhir.PSEUDONYMOUS):
        bundle = bundle_of(chart_of(), chosen)
        for one in (bundle, *(one["resource"] for one in bundle["entry"])):
            codes = {label["code"] for label in one["meta"]["security"]}
            assert "R" in codes
            assert ("PSEUDED" in codes) is (chosen is Fhir.PSEUDONYMOUS)
        assert all("MH" in str(one["meta"]) for one in of_kind(bundle, "DocumentReference"))
        assert {"SUD", "PSY", "MH"} <= {
            label["code"] for one in of_kind(bundle, "DocumentReference") for label in one["meta"]["security"]
        }


def responses(bundle: Resource) -> list[Resource]:
    return of_kind(bundle, "QuestionnaireResponse")


def test_a_measure_carries_its_codes_and_words() -> None:
    """Each item has LOINC's code where there is one and the very words; each answer its code, words and number."""
    text = next(one for one in list_instruments() if one.id == "phq9" and one.language == "en")
    phq9, gad7, month, week, amended = responses(bundle_of(chart_of()))
    assert phq9["questionnaire"] == "http://loinc.org/q/44249-1"
    assert [one["linkId"] for one in phq9["item"]] == [f"/{one.code}" for one in text.items] + ["/69722-7"]
    assert [one["text"] for one in phq9["item"][:-1]] == [one.text for one in text.items]
    (answer,) = phq9["item"][0]["answer"]
    assert (answer["valueCoding"]["system"], answer["valueCoding"]["code"]) == (LOINC, "LA6569-3")
    assert answer["valueCoding"]["display"] == "Several days"
    assert answer["valueCoding"]["extension"][0]["valueDecimal"] == 1
    assert phq9["item"][-1]["answer"][0]["valueCoding"]["code"] == "LA6575-0"
    assert gad7["questionnaire"].endswith("/69737-5")
    assert month["questionnaire"].endswith("/101697-1")
    assert [one["linkId"] for one in month["item"]][7:10] == ["pcl5/8", "/101699-7", "pcl5/10"]
    assert "questionnaire" not in week
    assert LOINC not in json.dumps(week)
    assert amended["status"] == "amended"
    assert "answer" not in amended["item"][1]


def test_a_total_has_its_code_and_is_never_guessed() -> None:
    """A total is there where no item is missing, with LOINC's code; that of the last week has none of the month's."""
    bundle = bundle_of(chart_of())
    totals = {
        one["derivedFrom"][0]["reference"]: one
        for one in of_kind(bundle, "Observation")
        if "total" in one["code"].get("text", "")
    }
    found = [totals.get(f"urn:uuid:{one['id']}") for one in responses(bundle)]
    assert found[-1] is None
    codes = [one["code"]["coding"][0]["code"] for one in found if one]
    assert codes == ["44261-6", "70274-6", "101698-9", "total/pcl5-week"]
    assert [one["valueQuantity"]["value"] for one in found if one] == [9, 0, 80, 40]
    assert {one["valueQuantity"]["code"] for one in found if one} == {"{score}"}


def observed(bundle: Resource, code: str) -> list[Resource]:
    return [
        one
        for one in of_kind(bundle, "Observation")
        if code in {coding["code"] for coding in one["code"].get("coding", [])}
    ]


def test_readings_are_vital_signs_at_their_time() -> None:
    """Each has unit and time by the clock of its session; what was left blank is said to be absent, not zero."""
    bundle = bundle_of(chart_of())
    pressures = observed(bundle, "85354-9")
    assert [one["effectiveDateTime"] for one in pressures] == [
        "2026-11-21",
        "2026-11-20T12:20:00Z",
        "2026-11-20T12:40:00Z",
        "2026-11-20T23:15:00Z",
    ]
    parts = [
        [part.get("valueQuantity", {}).get("value", "absent") for part in one["component"]]
        for one in pressures
    ]
    assert parts == [["absent", 80], [128, 82], [131, "absent"], [120, 80]]
    assert [one["valueQuantity"]["value"] for one in observed(bundle, "8867-4")] == [71, 60]
    assert [one["valueQuantity"]["value"] for one in observed(bundle, "2708-6")] == [98, 97.5]
    assert [one["valueQuantity"]["code"] for one in observed(bundle, "59408-5")] == ["%", "%"]


def test_a_reading_is_of_the_minute_and_the_day_on_the_clock_there() -> None:
    """A session began at some second of its minute; without a session the day is that of the patient's calendar."""
    began = NOON.replace(day=20, hour=12, minute=10, second=42)
    late = NOON.replace(day=19, hour=23, minute=30)
    lines: dict[str, Answer] = {"day.readings": ["13:20 | 128 | 82 | | | |"]}
    plan = records().plan
    plan = type(plan)(plan.courses, [session(started_at=began)], *([] for _ in range(5)))
    kept = (entry(60, "day", lines), entry(61, "day", lines, belongs_to=None, created_at=late))
    found = observed(bundle_of(chart_of(kept, plan=plan)), "85354-9")
    assert [one["effectiveDateTime"] for one in found] == ["2026-11-20T12:20:00Z", "2026-11-20"]


def test_two_lines_of_one_day_are_one_observation(structures: Structures) -> None:
    """An imported list may have two; the later one counts, and no id is there twice."""
    lines = ["2026-11-20 | | | 5 | | | | |", "2026-11-20 | | | 6 | | | | |"]
    bundle = bundle_of(chart_of((entry(62, "day_lines", {"dayline.lines": lines}),)))
    assert problems(bundle, structures) == []
    assert [one["valueQuantity"]["value"] for one in observed(bundle, "day/mood")] == [6]


def test_check_ins_and_day_lines_are_observations() -> None:
    """On the day they are about: numbers, one choice, several choices, and lines of one's own by their names."""
    bundle = bundle_of(chart_of())
    (effects,) = observed(bundle, "question/checkin.effects_mild")
    assert [one["code"]["text"] for one in effects["component"]] == ["nausea", "dizziness"]
    (felt,) = observed(bundle, "question/checkin.felt")
    assert felt["valueCodeableConcept"]["text"] == "rather unpleasant"
    assert (felt["effectiveDateTime"], felt["status"]) == ("2026-11-21", "final")
    assert [one["valueQuantity"]["value"] for one in observed(bundle, "day/mood")] == [5, 4]
    own = [one for one in of_kind(bundle, "Observation") if one["code"] == {"text": "calm"}]
    assert [(one["valueQuantity"]["value"], one["effectiveDateTime"]) for one in own] == [(3, "2026-11-20")]


def test_what_a_belief_became_is_observed_on_its_day() -> None:
    """A feeling before and after, and each number of a later look, with the words of what it is about."""
    bundle = bundle_of(chart_of())
    found = [
        (one["effectiveDateTime"][:10], one["code"]["text"].partition(": ")[2], one["valueQuantity"]["value"])
        for one in (
            *observed(bundle, "question/reframe.emotions"),
            *observed(bundle, "question/reframe.revisits"),
        )
    ]
    assert found == [
        ("2026-11-21", "fear, before", 80),
        ("2026-11-21", "fear, after", 20),
        ("2026-11-21", "old sentence", 60),
        ("2026-11-21", "in the gut", 5),
    ]


def test_an_earlier_version_is_superseded_by_the_present_one() -> None:
    """The present text replaces it, and both have their words."""
    bundle = bundle_of(chart_of())
    (old,) = [one for one in of_kind(bundle, "DocumentReference") if one["status"] == "superseded"]
    (new,) = [one for one in of_kind(bundle, "DocumentReference") if "relatesTo" in one]
    assert new["relatesTo"][0]["target"]["reference"] == f"urn:uuid:{old['id']}"
    assert old["content"][0]["attachment"]["title"] == "Before"
    assert new["type"]["coding"][0]["code"] == "51855-5"
    assert new["author"] == [new["subject"]]


def test_words_keep_every_sign_in_the_document_and_lose_what_fhir_forbids_elsewhere() -> None:
    """An attachment's words are as they were written; a title has usual blanks alone."""
    bundle = bundle_of(chart_of())
    (sea,) = [
        one["content"][0]["attachment"]
        for one in of_kind(bundle, "DocumentReference")
        if one["content"][0]["attachment"].get("title") == "At sea"
    ]
    assert sea["contentType"] == "text/plain; charset=utf-8"
    assert "Grey\u00a0water,\u2028wide\u3000sky.\x0b" in text_of(bundle)


def test_a_share_is_a_consent_about_no_more_than_was_shared() -> None:
    """It names its reader and the whole entry only if all of it was shared; what was revoked is inactive."""
    bundle = bundle_of(chart_of())
    kinds = {one["fullUrl"]: one["resource"] for one in bundle["entry"]}
    part, whole, elsewhere, gone = of_kind(bundle, "Consent")
    assert [one["status"] for one in (part, whole, elsewhere, gone)] == [
        "active",
        "active",
        "active",
        "inactive",
    ]
    for one in (part, whole, elsewhere):
        (actor,) = one["provision"]["actor"]
        assert kinds[actor["reference"]["reference"]]["name"] == [{"text": "Bob Example"}]
        assert one["provision"]["purpose"][0]["code"] == "TREAT"
    shared = [one["provision"]["data"][0]["reference"] for one in (part, whole, elsewhere, gone)]
    assert kinds[shared[1]["reference"]]["content"][0]["attachment"]["title"] == "What the door might be"
    assert ["reference" in one for one in shared] == [False, True, False, False]
    assert "actor" not in gone["provision"]
    assert gone["dateTime"] == "2026-11-14T12:00:00Z"


def test_a_share_is_no_consent_to_what_was_written_since() -> None:
    """Its reader has the copy as it was; the entry in the bundle reads differently now."""
    sharing = records().sharing
    older = [structs.replace(one, changed=True) for one in sharing.shares]
    bundle = bundle_of(chart_of(sharing=structs.replace(sharing, shares=older)))
    shared = [one["provision"]["data"][0]["reference"] for one in of_kind(bundle, "Consent")]
    assert ["reference" in one for one in shared] == [False] * 4


def test_a_consent_says_until_when_and_what_was_filed_has_its_provenance() -> None:
    """The last day ends the period of the consent; who filed what, and when, is told of what was shared and no more."""
    bundle = bundle_of(chart_of())
    part, whole, elsewhere, _ = of_kind(bundle, "Consent")
    assert [one["provision"].get("period") for one in (part, whole, elsewhere)] == [
        {"end": "2026-11-30"},
        None,
        None,
    ]
    _, filed = of_kind(bundle, "Provenance")
    assert filed["target"] == [whole["provision"]["data"][0]["reference"]]
    assert filed["recorded"] == "2026-11-22T11:00:00Z"
    (agent,) = filed["agent"]
    assert agent["who"] == whole["provision"]["actor"][0]["reference"]
    assert filed["activity"]["coding"][0]["code"] == "act/share.filed"


def test_a_paused_link_gives_no_active_consent() -> None:
    """While sharing is paused nobody reads, and the consents say so."""
    made = records()
    paused = [
        type(one)(**{name: getattr(one, name) for name in one.__struct_fields__} | {"state": "paused"})
        for one in made.sharing.care_team
    ]
    sharing = type(made.sharing)(paused, made.sharing.shares, [], [])
    assert {one["status"] for one in of_kind(bundle_of(chart_of(sharing=sharing)), "Consent")} == {"inactive"}


def test_the_log_tells_of_records_and_not_of_sign_ins() -> None:
    """Exports have DICOM's code; who read is named as the practitioner; when somebody signed in stays out."""
    bundle = bundle_of(chart_of())
    events = of_kind(bundle, "AuditEvent")
    assert [one["subtype"][0]["code"] for one in events] == [
        "act/share.shared",
        "act/share.opened",
        "act/share.revoked",
        "act/records.taken",
        "act/care.began",
    ]
    assert [one["type"]["code"] for one in events] == ["110110", "110110", "110110", "110106", "110110"]
    kinds = {one["fullUrl"]: one["resource"]["resourceType"] for one in bundle["entry"]}
    assert [kinds[one["agent"][0]["who"]["reference"]] for one in events[:2]] == ["Patient", "Practitioner"]
    assert events[-1]["agent"] == [{"requestor": False}]


def test_sessions_and_doses_are_what_they_were() -> None:
    """Class, status and times; a dose is reported only of a session that began, and esketamine is not ketamine."""
    bundle = bundle_of(chart_of())
    met = [(one["class"]["code"], one["status"]) for one in of_kind(bundle, "Encounter")]
    assert met == [("HH", "finished"), ("HH", "planned"), ("VR", "cancelled"), ("AMB", "finished")]
    first, spray = of_kind(bundle, "MedicationStatement")
    assert first["medicationCodeableConcept"]["coding"][0]["code"] == "6130"
    assert first["dosage"][0]["text"] == "100 mg, as told"
    assert first["dosage"][0]["route"]["coding"][0]["code"] == "37839007"
    assert spray["medicationCodeableConcept"] == {"text": "esketamine"}
    course, empty = of_kind(bundle, "EpisodeOfCare")
    assert (course["status"], empty["status"]) == ("active", "planned")


def test_everything_written_has_its_author() -> None:
    """One provenance names the patient as the author of all that they wrote."""
    bundle = bundle_of(chart_of())
    one, _ = of_kind(bundle, "Provenance")
    authored = {"DocumentReference", "QuestionnaireResponse", "Observation"}
    targets = {target["reference"] for target in one["target"]}
    assert targets == {
        each["fullUrl"] for each in bundle["entry"] if each["resource"]["resourceType"] in authored
    }
    assert one["agent"][0]["type"]["coding"][0]["code"] == "author"


def test_what_others_wrote_is_not_said_to_be_the_patients(structures: Structures) -> None:
    """A clinic's readings and a sitter's notes that she kept: no author, nobody who measured, in her custody."""
    line = ["13:20 | 128 | 82 | 71 | 98 | sitting | Bob"]
    kept = (entry(400, "plan_note", {"plan.before": line}), entry(401, "sitter", {"sitter.readings": line}))
    bundle = bundle_of(chart_of((*kept, entry(402, "day", {"day.readings": line}))))
    assert problems(bundle, structures) == []
    found = {one["fullUrl"]: one["resource"] for one in bundle["entry"]}
    hers, others, _ = of_kind(bundle, "Provenance")
    assert [one["agent"][0]["type"]["coding"][0]["code"] for one in (hers, others)] == ["author", "custodian"]
    assert len(hers["target"]) == 4
    assert len(others["target"]) == 8
    for target in others["target"]:
        assert not {"author", "performer"} & found[target["reference"]].keys()
    assert [one["type"].get("text") for one in of_kind(bundle, "DocumentReference")] == [
        "Plan note",
        "The sitter’s notes",
        None,
    ]
    for target in hers["target"]:
        assert {"author", "performer"} & found[target["reference"]].keys()


def test_nothing_chosen_writes_nothing() -> None:
    """Without the tick an export has no bundle."""
    assert write_bundles(records(), Fhir.NONE, "0.1.0") == {}
    assert [*write_bundles(records(), Fhir.NAMED, "0.1.0")] == [CHART]


def test_the_kinds_that_tell_of_others_stay_out() -> None:
    """Replies, what waits, standing shares and notices are in no bundle."""
    kept = tuple(
        entry(300 + number, kind, {}, title=f"title of {kind}")
        for number, kind in enumerate(("replies", "waiting", "standing", "notices", "safety", "free"))
    )
    documents = of_kind(bundle_of(chart_of(kept)), "DocumentReference")
    assert [one["content"][0]["attachment"]["title"] for one in documents] == ["title of free"]


def test_an_id_is_the_same_in_every_export() -> None:
    """A system that reads two exports of one account knows what it has already."""
    later = replace(chart_of(), made_at=chart_of().made_at.replace(year=2027))
    first, second = ({one["fullUrl"] for one in bundle_of(chart)["entry"]} for chart in (chart_of(), later))
    assert first == second


def test_nobody_is_said_to_have_written_what_a_file_brought(structures: Structures) -> None:
    """A sitter's notes, a measure and free writing that were imported: not by whom, but from what they came."""
    lines = measure_lines("phq9")
    told: tuple[tuple[str, dict[str, Answer]], ...] = (
        ("sitter", {"sitter.checks": ["09:10 | awake"]}),
        ("measure", {"measure.form": lines}),
        ("free", {"free.text": "The sea."}),
        ("integration", {"int.confidence": 6}),
    )
    brought = [entry(50 + place, kind, given, imported=True) for place, (kind, given) in enumerate(told)]
    bundle = bundle_of(chart_of((*brought, entry(60, "free", {"free.text": "Here."}))))
    assert problems(bundle, structures) == []
    own, imported, *_ = of_kind(bundle, "Provenance")
    kinds = [[one["type"]["coding"][0]["code"] for one in each["agent"]] for each in (own, imported)]
    assert kinds == [["author", "assembler"], ["enterer", "assembler"]]
    assert (len(own["target"]), len(imported["target"])) == (1, 6)
    assert "entity" not in own
    assert imported["entity"][0]["what"]["display"].startswith("A file that the patient imported")
    whole = {one["fullUrl"]: one["resource"] for one in bundle["entry"]}
    for target in imported["target"]:
        one = whole[target["reference"]]
        assert not {"author", "source", "performer"} & one.keys(), one
