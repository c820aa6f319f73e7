"""What the forms ask, and how posted forms become answers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.catalogue.answers import Problem, parse_answers
from journal.catalogue.emotions import Emotion, parse_emotions
from journal.catalogue.fields import EntryKind, FieldKind, Form
from journal.catalogue.forms import FORMS, THEMES, get_form, get_written_form, is_grounding_first
from journal.catalogue.preparation import PREPARATION_SHORT

ALL_FIELDS = [field for form in FORMS.values() for field in form.fields]

# The clinical wording, by id. Whoever changes a line changes what patients were asked.
PROMPTS = {
    "prep.why_now": "What makes this a good time for a session?",
    "prep.intention": "In one line: what would you like to be open to?",
    "prep.hold_lightly": "If something else comes up, how would you like to meet it?",
    "prep.state": "How have the last few days been? Pick words or write.",
    "prep.sleep_body": "How is your body today: sleep, food, tension, pain?",
    "prep.fears": "Anything you are nervous about? What would help with that?",
    "prep.place": "Where will you be? What makes it feel safe enough?",
    "prep.people": "Who is with you, and how will you signal for help?",
    "prep.after_plan": "What does the rest of the day look like? What is off the list?",
    "prep.resources": "Three things that steady you (person, place, song, phrase, object).",
    "prep.anchor": "Choose one grounding skill to practise today.",
    "prep.boundaries": "Touch, talking, music: what is welcome, what is not?",
    "prep.old_story": "Is there a belief about yourself you would like to look at gently?",
    "prep.for_therapist": "Is there anything you want your therapist to know before?",
    "prep.last_learning": "From last time: what is still with you?",
    "int.remembered": "In your own words",
    "int.images": "Images, colours, scenes",
    "int.body": "Where in the body, what quality",
    "int.emotions": "Feelings, in order or jumbled",
    "int.words": "Words or phrases",
    "int.sound": "Music that mattered",
    "int.hard": "Anything hard (one line is enough)",
    "int.kind": "Anything kind or beautiful",
    "int.meaning": "What might this be showing you, if anything?",
    "int.intention_link": "How does it relate to your intention?",
    "int.different": "What looks different now?",
    "int.unsure": "What are you unsure about, and happy to leave open?",
    "int.pattern": "Does it echo earlier sessions?",
    "int.relationships": "Who does this touch in your life?",
    "int.reframe_link": "Make a reframe record from this?",
    "int.ground_link": "Which grounding skill helped or would have?",
    "int.one_action": "One small step this week (what, when, where, with whom)",
    "int.confidence": "How doable? 0-10",
    "int.obstacle": "What might get in the way?",
    "int.stayed": "What stayed with you?",
    "int.learned": "What did you learn?",
    "int.top3": "Up to three things to bring to therapy",
    "int.not_ready": "Something you are not ready to talk about",
    "reframe.trigger": "What set it off? A headline is enough.",
    "reframe.old_meaning": "The sentence it left you with",
    "reframe.old_belief_before": "How much does it feel true now?",
    "reframe.body": "Where do you feel it?",
    "reframe.cost": "What has believing it asked of you?",
    "reframe.facts_for": "What would a fair witness list on each side?",
    "reframe.session_light": "Did anything in the session look at this differently?",
    "reframe.new_meaning": "A truer sentence you can stand behind",
    "reframe.test_action": "One small way to live as if it were a little true.",
}

IDS = {
    EntryKind.PREPARATION: "why_now intention hold_lightly state state_words sleep_body fears place people "
    "after_plan resources anchor anchor_before anchor_after boundaries old_story old_story_belief "
    "for_therapist last_learning",
    EntryKind.CAPTURE: "remembered images body emotions words sound hard kind",
    EntryKind.INTEGRATION: "meaning intention_link different unsure pattern relationships reframe_link "
    "ground_link one_action confidence obstacle stayed followup learned top3 not_first not_ready",
    EntryKind.REFRAME: "trigger trigger_name old_meaning old_belief_before emotions body cost facts_for "
    "facts_against session_light thinking_habit new_meaning new_belief voc old_belief_after test_action "
    "test_due followup learned theme status revisits moments",
    EntryKind.GROUNDING: "skill own context suds_before suds_after helped phrase trigger_name note",
    EntryKind.FREE: "text",
    EntryKind.STEADY: " ".join(("phrases", *(f"skill_{number}" for number in range(1, 25)), "hidden")),
    EntryKind.CHECKLIST: "own done not_for_me",
    EntryKind.COMFORT: "touch words_help words_hinder music light stop record more",
    EntryKind.SAFETY: "signs alone company people professionals safer reviewed",
    EntryKind.DAY: "medicine readings events",
    EntryKind.SITTER: "checks readings medicine events said",
    EntryKind.MEASURE: "form score",
    EntryKind.CHECK_IN: "illness medicines substances pregnancy pressure changed felt difficulty away_most "
    "away_until away distress effects_mild effects_moderate effects_severe effects_still effects_other effects_until "
    "sitter sitter_concern unplanned unplanned_words slept drove extra wanted still still_date unreal fear sleep "
    "nightmares images unsettled unsettled_words urgency frequency pain blood craving beyond out_early alcohol others "
    "others_words moment day",
    EntryKind.DAY_LINES: "month own_1 own_2 own_3 lines",
    EntryKind.EVALUATION: "conditions by_name medicines allergies treatments changes version",
    EntryKind.PLAN_NOTE: "reviewed read dose interval focus from why before middle end drowsy away ready by",
    EntryKind.REPLIES: "with lines draft",
    EntryKind.WAITING: "requests",
    EntryKind.STANDING: "shares",
    EntryKind.NOTICES: "agreed",
}


def parsed(form: Form, raw: dict[str, list[str]]) -> tuple[dict[str, Any], dict[str, Problem]]:
    """Read a posted form; the tests know which shape each answer has."""
    answers, problems = parse_answers(form, raw)
    return dict(answers), problems


def test_every_kind_has_its_form():
    """Each kind of entry has one form, which knows its kind."""
    assert set(FORMS) == set(EntryKind)
    assert all(get_form(kind).kind is kind for kind in EntryKind)


@pytest.mark.parametrize("kind", EntryKind)
def test_ids_are_the_ones_in_stored_documents(kind):
    """The ids and their order stay as they are: sealed documents carry them."""
    assert [field.id.split(".")[1] for field in get_form(kind).fields] == IDS[kind].split()


@pytest.mark.parametrize("field_id", PROMPTS)
def test_prompts_are_verbatim(field_id):
    """The clinical prompts are asked word for word."""
    assert {field.label for field in ALL_FIELDS if field.id == field_id} == {PROMPTS[field_id]}


def test_the_fifteen_preparation_prompts_come_in_their_order():
    """Preparation asks its fifteen prompts in order, with ratings beside two of them."""
    asked = [field.id for field in get_form(EntryKind.PREPARATION).fields if field.id in PROMPTS]
    assert asked == [field_id for field_id in PROMPTS if field_id.startswith("prep.")]
    assert len(asked) == 15
    assert all(field_id in get_form(EntryKind.PREPARATION) for field_id in PREPARATION_SHORT)
    assert len(PREPARATION_SHORT) == 5


def test_exact_choices():
    """The choices of follow-up, intention, status and help are the clinical ones."""

    def values(kind, field_id):
        return [option.value for option in get_form(kind).field(field_id).options]

    def labels(kind, field_id):
        return [option.label for option in get_form(kind).field(field_id).options]

    assert labels(EntryKind.INTEGRATION, "int.followup") == ["Done", "In part", "Not yet", "No longer wanted"]
    assert labels(EntryKind.INTEGRATION, "int.intention_link") == [
        "Closer",
        "In another way",
        "Not at all",
        "I do not know",
    ]
    assert values(EntryKind.REFRAME, "reframe.status") == ["open", "resting", "living_with_it", "closed"]
    assert values(EntryKind.REFRAME, "reframe.theme") == [
        "safety",
        "trust",
        "power_control",
        "esteem",
        "intimacy",
        "other",
    ]
    assert values(EntryKind.GROUNDING, "ground.helped") == ["yes", "bit", "no", "worse"]
    assert values(EntryKind.GROUNDING, "ground.context") == ["daily", "before", "during", "after", "writing"]


def test_ids_are_unique_and_themes_are_named():
    """No id is used twice, every theme has a title and every title a use."""
    assert len({field.id for field in ALL_FIELDS}) == len(ALL_FIELDS)
    assert {field.theme for field in ALL_FIELDS} == set(THEMES)


def test_only_what_is_not_ready_can_never_be_shared():
    """What a patient is not ready to talk about is the one answer that cannot be shared, beside what waits."""
    kept = [field.id for field in ALL_FIELDS if not field.shareable]
    assert kept == [
        "int.not_ready",
        "replies.with",
        "replies.lines",
        "replies.draft",
        "waiting.requests",
        "standing.shares",
        "notices.agreed",
    ]
    assert "int.not_ready" not in [field.id for field in get_form(EntryKind.INTEGRATION).shareable]


def test_options_belong_to_choices_alone():
    """Choices have distinct options; other questions have none, and ratings word both ends."""
    for field in ALL_FIELDS:
        is_choice = field.kind in (FieldKind.CHOICE, FieldKind.CHOICES)
        assert bool(field.options) is is_choice
        assert len({option.value for option in field.options}) == len(field.options)
        assert (field.range is not None) is bool(field.low and field.high and field.measure)


@pytest.mark.parametrize("word", ["trip", "victim", "failed", r"should\b", "healed", "psychotherapy notes"])
def test_words_we_do_not_use(word):
    """The forms keep to the words of the glossary."""
    said = " ".join(
        " ".join(
            (field.label, field.hint, field.low, field.high, *(option.label for option in field.options))
        )
        for field in ALL_FIELDS
    ) + " ".join(form.title + " " + form.lead for form in FORMS.values())
    assert re.search(rf"\b{word}", said, re.IGNORECASE) is None


def test_blank_answers_are_left_out():
    """An empty form, or one of blanks alone, gives neither answers nor problems."""
    for form in FORMS.values():
        raw = {field.id: ["", "  \r\n "] for field in form.fields if field.kind is not FieldKind.EMOTIONS}
        raw["reframe.emotions.name"] = ["", " ", ""]
        assert parse_answers(form, raw) == ({}, {})
        assert parse_answers(form, {}) == ({}, {})


def test_a_whole_form_is_read():
    """Answers of every kind arrive in the shapes that documents store."""
    answers, problems = parsed(
        get_form(EntryKind.REFRAME),
        {
            "reframe.trigger": ["A door slammed"],
            "reframe.old_meaning": ["I am always in the way\r\nof everyone "],
            "reframe.old_belief_before": ["80"],
            "reframe.emotions.name": ["shame", "", "fear | dread"],
            "reframe.emotions.before": ["70", "", "0"],
            "reframe.emotions.after": ["", "", "100"],
            "reframe.voc": ["1"],
            "reframe.new_belief": ["0"],
            "reframe.thinking_habit": ["blame", "all_or_nothing", "blame"],
            "reframe.test_due": ["2028-02-29"],
            "reframe.status": ["resting"],
            "somebody.else": ["ignored"],
        },
    )
    assert problems == {}
    assert answers == {
        "reframe.trigger": "A door slammed",
        "reframe.old_meaning": "I am always in the way\nof everyone ",
        "reframe.old_belief_before": 80,
        "reframe.emotions": ["shame | 70 |", "fear | dread | 0 | 100"],
        "reframe.voc": 1,
        "reframe.new_belief": 0,
        "reframe.thinking_habit": ["all_or_nothing", "blame"],
        "reframe.test_due": "2028-02-29",
        "reframe.status": "resting",
    }
    assert parse_emotions(answers["reframe.emotions"]) == (
        Emotion("shame", "70", ""),
        Emotion("fear | dread", "0", "100"),
    )


@pytest.mark.parametrize(
    ("field_id", "typed"),
    [
        ("reframe.old_belief_before", "101"),
        ("reframe.old_belief_before", "-1"),
        ("reframe.old_belief_before", "a lot"),
        ("reframe.old_belief_before", "7.5"),
        ("reframe.old_belief_before", "٧٫٥"),
        ("reframe.old_belief_before", "٢٠٠"),
        ("reframe.old_belief_before", "7²"),
        ("reframe.voc", "0"),
        ("reframe.voc", "8"),
        ("reframe.status", "done"),
        ("reframe.thinking_habit", "nothing we know"),
        ("reframe.test_due", "2026-02-30"),
        ("reframe.test_due", "next week"),
        ("reframe.test_due", "20261122"),
        ("reframe.trigger", "x" * 501),
        ("reframe.cost", "x" * 20_001),
    ],
)
def test_what_cannot_be_kept_is_handed_back(field_id, typed):
    """One answer that cannot be kept is returned as typed, with a sentence, and the others stay."""
    words = "Every other word is kept."
    answers, problems = parsed(
        get_form(EntryKind.REFRAME), {field_id: [typed], "reframe.old_meaning": [words]}
    )
    assert answers == {"reframe.old_meaning": words}
    assert set(problems) == {field_id}
    assert problems[field_id].raw == (typed,)
    assert problems[field_id].endswith(".")


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [("", "50", ""), ("fear", "5|0", "|"), ("fear", "101", ""), ("fear", "x", ""), ("fear", "", "-3")],
)
def test_an_emotion_without_name_or_number_is_handed_back(name, before, after):
    """A row of emotions that cannot be kept can be shown again cell by cell."""
    raw = {
        "reframe.emotions.name": ["calm", name],
        "reframe.emotions.before": ["10", before],
        "reframe.emotions.after": ["20", after],
    }
    answers, problems = parse_answers(get_form(EntryKind.REFRAME), raw)
    assert answers == {}
    assert parse_emotions(problems["reframe.emotions"].raw) == (
        Emotion("calm", "10", "20"),
        Emotion(name, before, after),
    )


def test_ceilings_are_the_ones_stated():
    """Exactly the longest text is kept."""
    text = "ä" * 20_000
    assert parse_answers(get_form(EntryKind.FREE), {"free.text": [text]}).answers == {"free.text": text}


RAW_VALUES = st.lists(
    st.text(max_size=30) | st.integers(-5, 200).map(str) | st.sampled_from(["yes", "orient"]), max_size=4
)


@given(st.sampled_from(EntryKind), st.data())
def test_any_form_is_read_without_an_error(kind, data):
    """Whatever is posted, each question ends as an answer of its own shape, a problem, or nothing."""
    form = get_written_form(kind)
    names = [field.id for field in form.fields] + [
        f"reframe.emotions.{part}" for part in ("name", "before", "after")
    ]
    raw = data.draw(st.dictionaries(st.sampled_from(names), RAW_VALUES))
    answers, problems = parsed(form, raw)
    assert not set(answers) & set(problems)
    for field_id, answer in answers.items():
        field = form.field(field_id)
        if field.range:
            assert field.range[0] <= answer <= field.range[1]
        elif field.kind in (FieldKind.CHOICES, FieldKind.EMOTIONS):
            assert answer
            assert all(isinstance(one, str) for one in answer)
        else:
            assert answer.strip()


@given(
    st.lists(st.tuples(st.text(min_size=1), st.integers(0, 100), st.integers(0, 100)), min_size=1, max_size=3)
)
def test_emotions_come_back_as_they_were_stored(rows):
    """A stored line of an emotion is read back into the same cells."""
    raw = {
        "reframe.emotions.name": [name for name, _, _ in rows],
        "reframe.emotions.before": [str(before) for _, before, _ in rows],
        "reframe.emotions.after": [str(after) for _, _, after in rows],
    }
    answers, _ = parsed(get_form(EntryKind.REFRAME), raw)
    for line in answers.get("reframe.emotions", []):
        assert [row.line for row in parse_emotions([line])] == [line]


def test_high_distress_offers_grounding_first():
    """From 8 of 10, or 80 of 100 for an emotion, grounding is offered; belief never triggers it."""
    grounding, reframe = get_form(EntryKind.GROUNDING), get_form(EntryKind.REFRAME)
    assert is_grounding_first(grounding, {"ground.suds_before": 8})
    assert not is_grounding_first(grounding, {"ground.suds_before": 7})
    assert is_grounding_first(reframe, {"reframe.emotions": ["fear | 80 |"]})
    assert not is_grounding_first(
        reframe, {"reframe.emotions": ["fear | 79 |"], "reframe.old_belief_before": 100}
    )


def test_every_rating_of_distress_offers_grounding_first():
    """Whichever form asks for distress, 8 of 10 offers grounding, and every question that names distress counts."""
    for form in FORMS.values():
        for field in form.fields:
            is_distress = field.kind is FieldKind.RATING_10 and "istress" in field.label
            assert (field.measure == "distress") == is_distress, field.id
            if is_distress:
                assert [is_grounding_first(form, {field.id: value}) for value in (7, 8)] == [False, True]


def test_chosen_words_are_shown_and_old_codes_survive():
    """A stored code reads as its label; a code that no form knows any more reads as itself."""
    field = get_form(EntryKind.REFRAME).field("reframe.thinking_habit")
    assert field.get_option_labels(["blame", "from_long_ago"]) == ("Blame", "from_long_ago")
    with pytest.raises(KeyError):
        get_form(EntryKind.FREE).field("prep.state")


@pytest.mark.parametrize("zero", [0x660, 0x6F0, 0x966, 0xFF10, 0x1D7CE])
def test_numbers_and_days_are_read_in_the_digits_of_every_script(zero):
    """A rating, the strength of a feeling and a day are kept as the same numbers, whichever keyboard typed them."""

    def in_script(text):
        return text.translate({ord("0") + digit: zero + digit for digit in range(10)})

    raw = {
        "reframe.old_belief_before": [in_script("70")],
        "reframe.voc": [f" {in_script('7')}\u200f"],
        "reframe.test_due": [in_script("2028-02-29")],
        "reframe.emotions.name": ["shame"],
        "reframe.emotions.before": [in_script("100")],
        "reframe.emotions.after": [in_script("5")],
    }
    answers, problems = parsed(get_form(EntryKind.REFRAME), raw)
    assert not problems
    assert answers == {
        "reframe.old_belief_before": 70,
        "reframe.voc": 7,
        "reframe.test_due": "2028-02-29",
        "reframe.emotions": ["shame | 100 | 5"],
    }
