"""What is asked and offered, as data: forms, grounding skills and crisis contacts; keeps nothing."""

__all__ = [
    "answers",
    "comfort",
    "crisis_contacts",
    "emotions",
    "fields",
    "forms",
    "grounding",
    "grounding_skills",
    "integration",
    "preparation",
    "reframe",
    "revisits",
    "tracked",
]
