"""
Compile pages so that rendering them does only what differs from one time to the next.

The words marked `_("…")` or `pgettext("…", "…")` and the addresses of static files are put in then, since an
environment speaks one language; and of words that need no escaping, as most do not, no escaped copy is made. What
stands beside other text is found then, too, and isolated from it whenever it is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping
from typing import Any, cast

from jinja2 import Environment, Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

from portal.web.isolation import isolate_text, join_isolated
from portal.web.neighbours import find_beside_text

CONSTANT_CALLS = {"_": 1, "pgettext": 2, "static": 1}
"""What is called with as many constant texts is called when a page is compiled."""
ISOLATED_FILTER = "isolated"
CONTEXTS = "_contexts"
needs_escaping = re.compile("[&<>'\"]").search


def escape_value(value: object) -> str:
    """Escape *value* like `markupsafe.escape`, which makes a new object even of words it leaves alone."""
    if type(value) is Markup or (type(value) is str and needs_escaping(value) is None):
        return value
    return escape(value)


class _ConstantFolder(NodeTransformer):
    def __init__(self, environment: Environment, template: nodes.Template) -> None:
        self._globals = environment.globals
        self._beside_text = {id(node) for node in find_beside_text(template.body)}

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802 - named by Jinja
        node.nodes = [
            nodes.Filter(one, ISOLATED_FILTER, [], [], None, None, lineno=one.lineno)
            if id(one) in self._beside_text
            else one
            for one in node.nodes
        ]
        return self.generic_visit(node)

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - named by Jinja
        self.generic_visit(node)
        match node:
            case nodes.Call(
                node=nodes.Name(name=name),
                args=arguments,
                kwargs=[],
                dyn_args=None,
                dyn_kwargs=None,
            ) if CONSTANT_CALLS.get(name) == len(arguments):
                texts = [one.value for one in arguments if isinstance(one, nodes.Const)]
                if len(texts) == len(arguments) and all(isinstance(text, str) for text in texts):
                    settle = cast(Callable[..., str], self._globals[name])
                    return nodes.Const(escape(settle(*texts)), lineno=node.lineno)
        return node


class _Compiler(CodeGenerator):
    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802 - as above
        super().visit_Template(_ConstantFolder(self.environment, node).visit(node), frame)

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.escape_value(")


class _PageContext(Context):
    """
    What a template reads its values from.

    A macro holds the context that it was made in, and is held by it: what a page showed would stay in memory until
    Python looks for such circles. So the contexts of a page are listed, and emptied once it is rendered.
    """

    def __init__(
        self, environment: Environment, parent: dict[str, Any], *arguments: Any, **settings: Any
    ) -> None:
        super().__init__(environment, parent, *arguments, **settings)
        if (listed := parent.get(CONTEXTS)) is not None:
            listed.append(self)

    def release(self) -> None:
        """Release every value."""
        self.vars.clear()
        self.parent = {}


def render_template(template: Template, values: dict[str, Any], block: str | None = None) -> str:
    """Render a template, or one named block of it, and release its values."""
    listed: list[_PageContext] = []
    context = template.new_context(values | {CONTEXTS: listed})
    try:
        if block is None:
            return "".join(template.root_render_func(context))
        # Up to its first output a page imports the macros that its blocks call.
        next(template.root_render_func(context), "")
        return "".join(template.blocks[block](context))
    finally:
        for one in listed:
            one.release()


class CompilingEnvironment(Environment):
    """A Jinja environment for one language, without `finalize`."""

    code_generator_class = _Compiler
    context_class = _PageContext
    escape_value = staticmethod(escape_value)

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.filters |= {ISOLATED_FILTER: isolate_text, "join": join_isolated}

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return the globals as they are: the chain of mappings that Jinja makes is slow to look things up in."""
        return super().make_globals(d) if d else self.globals
