"""
What the ORM knows of the tables, made once for each kind of database, and not again for each store that is opened.

A program opens its store once; tests open thousands, and this took longer than all else that opening one takes.
"""

from __future__ import annotations

from typing import Any

from tortoise.apps import Apps
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.models import Model

OF_ONE_KIND = (
    "filters",
    "db_native_fields",
    "db_default_fields",
    "db_complex_fields",
    "basetable",
    "basequery",
    "basequery_all_fields",
)
"""What is made of a table for SQLite or for PostgreSQL; everything else is the same for both."""


def prepare_once() -> None:
    """Have this process prepare the tables of the product for a kind of database only the first time."""
    prepare, made = Apps._build_initial_querysets, dict[tuple[type, ...], list[dict[str, Any]]]()

    def prepare_or_remember(apps: Apps) -> None:
        models = [model for app in apps.apps.values() for model in app.values()]
        if not all(model.__module__.startswith("journal.") for model in models):
            prepare(apps)  # the tables of a migration
            return
        kind = type(models[0]._meta.db), *models
        if kind in made:
            for model, known in zip(models, made[kind], strict=True):
                for name, value in known.items():
                    setattr(model._meta, name, value)
            return
        for model in models:
            _let_go(model)
        prepare(apps)
        made[kind] = [{name: getattr(model._meta, name) for name in OF_ONE_KIND} for model in models]

    Apps._build_initial_querysets = prepare_or_remember  # type: ignore[assignment]


def migrate_without_reading() -> None:
    """
    Have this process not prepare, before each step of a migration, to read the tables as they are then.

    It took a third of a migration, and none of our steps reads rows by way of the ORM: one that did would fail.
    """
    StateApps._build_initial_querysets = lambda apps: None  # type: ignore[assignment]


def _let_go(model: type[Model]) -> None:
    """Have the ORM fill containers of its own: it empties those that are there, which another kind may have."""
    for name in OF_ONE_KIND:
        value = getattr(model._meta, name, None)
        if isinstance(value, list | dict):
            setattr(model._meta, name, value.copy())
