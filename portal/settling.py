"""
Put into a page, when it is compiled, what every rendering would find again.

Those are the words marked `_("…")`, since an environment speaks one language, and addresses of static files.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.visitor import NodeTransformer
from markupsafe import escape

SETTLED = ("_", "static")


class _Settling(NodeTransformer):
    def __init__(self, environment: Environment) -> None:
        self._globals = environment.globals

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - named by Jinja
        self.generic_visit(node)
        match node:
            case nodes.Call(
                node=nodes.Name(name=name),
                args=[nodes.Const(value=str(text))],
                kwargs=[],
                dyn_args=None,
                dyn_kwargs=None,
            ) if name in SETTLED:
                settle = cast(Callable[[str], str], self._globals[name])
                return nodes.Const(escape(settle(text)), lineno=node.lineno)
        return node


class _Compiler(CodeGenerator):
    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802 - as above
        super().visit_Template(_Settling(self.environment).visit(node), frame)


class SettlingEnvironment(Environment):
    """A Jinja environment for one language."""

    code_generator_class = _Compiler
