"""
What an evaluation asks: conditions, and groups of medicines by name. The words are ours.

Each has where it is named as something to ask about. Nothing follows from an answer: a prescriber reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from journal.i18n import N_, Labelled

OVERVIEW = "an overview of ketamine for PTSD: contraindications"
CLINIC = "a ketamine clinic's page: who should not be treated"
LABEL = "the label of esketamine, by Oncology Nurse Advisor: contraindications and warnings"
OXFORD = "Oxford Health NHS, ketamine service: what is asked before treatment"
CONSENT = "a clinic's consent form for ketamine"
POLARIS = "Polaris, ketamine service: what is asked before treatment"
REMS = "the enrolment form of the esketamine REMS"
ASKED = "what prescribers ask before an anaesthetic"


class Said(Labelled):
    """An answer; its code is stored."""

    YES = "yes", N_("yes")
    NO = "no", N_("no")
    NOT_SURE = "not-sure", N_("not sure")
    IN_PERSON = "in-person", N_("rather in person")


@dataclass(frozen=True, slots=True)
class Condition:
    """One question. Its `id` is stored, so it never changes its meaning; `source` is where it is named."""

    id: str
    label: str
    source: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Questions under one heading."""

    heading: str
    conditions: tuple[Condition, ...]


GROUPS = (
    Group(
        N_("Heart and blood vessels"),
        (
            Condition("pressure", N_("High blood pressure that is not under control"), OVERVIEW),
            Condition(
                "heart",
                N_("Trouble with the heart or circulation that is not stable"),
                OVERVIEW,
                N_("Such as chest pain, heart failure, or a heart attack not long ago."),
            ),
            Condition(
                "aneurysm",
                N_("A blood vessel that is widened or weak"),
                LABEL,
                N_("Called an aneurysm, in the head, chest, belly or legs."),
            ),
            Condition(
                "malformation",
                N_("Blood vessels that are wrongly joined"),
                LABEL,
                N_("Called an arteriovenous malformation, AVM."),
            ),
        ),
    ),
    Group(
        N_("Head, eyes and nerves"),
        (
            Condition("brain-bleed", N_("Bleeding in the brain, at any time"), LABEL),
            Condition("head-pressure", N_("Raised pressure in the head"), OXFORD),
            Condition("eye-pressure", N_("Raised pressure in an eye"), OXFORD, N_("Called glaucoma.")),
            Condition("epilepsy", N_("Epilepsy or seizures"), OXFORD),
        ),
    ),
    Group(
        N_("Mind, and substances"),
        (
            Condition(
                "psychosis-now",
                N_("Psychosis now"),
                OVERVIEW,
                N_("Seeing, hearing or firmly believing what others do not."),
            ),
            Condition("psychosis-before", N_("Psychosis at any time before"), CLINIC),
            Condition("psychosis-family", N_("Psychosis or schizophrenia in the family"), ASKED),
            Condition(
                "mania",
                N_("Mania, now or before"),
                OXFORD,
                N_("Days of very much energy and hardly any need of sleep."),
            ),
            Condition(
                "substances", N_("Alcohol or other substances, used in a way that is hard to stop"), CLINIC
            ),
        ),
    ),
    Group(
        N_("Other organs"),
        (
            Condition("liver", N_("Severe liver disease"), CLINIC),
            Condition("kidney", N_("Trouble with the kidneys"), POLARIS),
            Condition(
                "bladder",
                N_("Trouble with the bladder"),
                OVERVIEW,
                N_("Such as pain, a sudden need to go, going very often, or blood."),
            ),
            Condition("thyroid", N_("An overactive thyroid"), CONSENT),
            Condition("breathing", N_("Trouble breathing, such as severe asthma"), LABEL),
            Condition("apnoea", N_("Sleep apnoea"), ASKED, N_("Breathing that stops for moments in sleep.")),
        ),
    ),
    Group(
        N_("Pregnancy and breast-feeding"),
        (
            Condition("pregnancy", N_("Pregnant, perhaps pregnant, or planning to be"), CLINIC),
            Condition("breast-feeding", N_("Breast-feeding"), OXFORD),
        ),
    ),
    Group(
        N_("Ketamine and anaesthetics before"),
        (
            Condition("hypersensitivity", N_("An allergic reaction to ketamine or esketamine"), LABEL),
            Condition("ketamine", N_("Other trouble with ketamine or esketamine"), ASKED),
            Condition("anaesthetics", N_("Trouble with an anaesthetic, your own or in the family"), ASKED),
            Condition("other", N_("Something else about your health"), ASKED),
        ),
    ),
)
"""Sources name a condition as one to ask about; what follows from it is a prescriber's to say."""

BY_NAME = (
    Condition(
        "sedatives",
        N_("Sedatives and sleeping pills"),
        REMS,
        N_("Such as diazepam, lorazepam, alprazolam, clonazepam, zolpidem, gabapentin."),
    ),
    Condition(
        "opioids",
        N_("Opioids"),
        REMS,
        N_("Such as codeine, tramadol, oxycodone, morphine, methadone, buprenorphine."),
    ),
    Condition(
        "stimulants",
        N_("Stimulants"),
        REMS,
        N_("Such as methylphenidate, amphetamine, lisdexamfetamine, modafinil."),
    ),
    Condition(
        "mao-inhibitors",
        N_("MAO inhibitors"),
        REMS,
        N_("Such as phenelzine, tranylcypromine, selegiline, moclobemide, linezolid."),
    ),
)
"""Groups of medicines that are asked for by name, each with a few generic names."""

CONDITIONS: Mapping[str, Condition] = MappingProxyType(
    {one.id: one for one in (*(one for group in GROUPS for one in group.conditions), *BY_NAME)}
)
ORDER = tuple(CONDITIONS)
