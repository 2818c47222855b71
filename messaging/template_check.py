"""What a template says, checked and settled when it is compiled: only allowed constructs, only names that exist, and each name as its
English key. Works on Jinja2's syntax tree; renders nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from inspect import signature
from typing import Any

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from journey.fields import Names
from journey.names import fold, nearest
from journey.problems import Severity
from journey.texts import Lang, Text, text
from messaging import filters
from messaging.context import FUNCTIONS, NOT_YET, ORDER, ROOTS, SENDER, Needs, resolve
from messaging.sandbox import LOOP_NAMES

_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Filter,
    nodes.Test, nodes.Call, nodes.Keyword, nodes.For, nodes.If, nodes.Assign, nodes.Compare, nodes.Operand, nodes.And, nodes.Or,
    nodes.Not, nodes.Neg, nodes.Pos, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow, nodes.CondExpr,
    nodes.Concat, nodes.List, nodes.Tuple,
)  # fmt: skip
_CONSTRUCTS = {
    "Include": "include", "Import": "import", "FromImport": "from", "Extends": "extends", "Block": "block", "Macro": "macro",
    "CallBlock": "call", "FilterBlock": "filter", "AssignBlock": "set … endset", "With": "with", "Dict": "{…}", "NSRef": "namespace",
    "ScopedEvalContextModifier": "autoescape",
}  # fmt: skip


LARGEST = 5_000
"""Parts (nodes) of one template; a mail of ten pages with a tag in each line has a few hundred."""


@dataclass(frozen=True)
class Finding:
    """One thing about a cell's template that its author should know."""

    severity: Severity
    said: Text


@dataclass
class Checker(NodeTransformer):
    """Walks a tree once, changing it in place to the settled form and keeping what it found. `locals` are the template's own names."""

    names: Names
    lang: Lang
    locals: frozenset[str]
    findings: list[Finding] = field(default_factory=list)
    attributes: set[str] = field(default_factory=set)
    uses: set[str] = field(default_factory=set)
    guarded: set[str] = field(default_factory=set)
    """Attributes inside whose `{% if %}` the walk is: a 様 after them is fine."""

    size: int = 0

    @property
    def needs(self) -> Needs:
        """What rendering will read."""
        return Needs(frozenset(self.attributes), "order" in self.uses)

    def visit(self, node: nodes.Node, *args: Any, **options: Any) -> Any:
        """Any node: refused where its construct is not one of the allowed."""
        self.size += 1
        if self.size > LARGEST:
            raise RecursionError("a template of too many parts")
        if not isinstance(node, _ALLOWED):
            kind = type(node).__name__
            self._error(node, "not_allowed", what=_CONSTRUCTS.get(kind, kind))
            return node
        return super().visit(node, *args, **options)

    def visit_Name(self, node: nodes.Name) -> Any:
        """A bare name: the template's own, or one of the documented ones."""
        if node.ctx != "load":
            if resolve(node.name, ROOTS) or resolve(node.name, FUNCTIONS):
                self._error(node, "taken", name=node.name)
            return node
        if node.name in self.locals or node.name == "loop":
            return node
        root = resolve(node.name, ROOTS)
        if root is None:
            self._unknown_root(node, node.name)
            return node
        self.uses.add(root)
        if root == "points":
            self.attributes.add("points")
        if root in ("customer", "order", "sender"):
            self._error(node, "needs_attribute", name=node.name, example=_EXAMPLES.get(node.name, _EXAMPLES[root]))
        return nodes.Name(root, "load", lineno=node.lineno)

    def visit_Getattr(self, node: nodes.Getattr) -> Any:
        """`顧客.姓`."""
        return self._attribute(node, node.attr)

    def visit_Getitem(self, node: nodes.Getitem) -> Any:
        """`顧客["メール(携帯)"]`, or a place in a list."""
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            return self._attribute(node, node.arg.value)
        if (
            isinstance(node.node, nodes.Name)
            and node.node.name not in self.locals
            and resolve(node.node.name, ROOTS) is not None
        ):
            self._error(node, "needs_attribute", name=node.node.name, example=_EXAMPLES.get(node.node.name, '顧客["…"]'))
            return node
        return self._walk(node)

    def _attribute(self, node: nodes.Getattr | nodes.Getitem, wanted: str) -> Any:
        owner = node.node
        if not isinstance(owner, nodes.Name) or owner.name in self.locals:
            self._error(node, "no_such_attribute", name=wanted)
            return node
        if owner.name == "loop":
            if wanted not in LOOP_NAMES:
                self._unknown_attribute(node, "loop", wanted, LOOP_NAMES)
            return node
        root = resolve(owner.name, ROOTS)
        if root is None:
            self._unknown_root(node, owner.name)
            return node
        self.uses.add(root)
        key = self._key(node, root, owner.name, wanted)
        if key is None:
            return node
        self.uses.add(f"{root}.{key}")
        load = nodes.Name(root, "load", lineno=node.lineno)
        return nodes.Getitem(load, nodes.Const(key), "load", lineno=node.lineno)

    def _key(self, node: nodes.Node, root: str, owner: str, wanted: str) -> str | None:
        if root == "customer":
            known = self.names.field(wanted)
            if known is not None:
                self.attributes.add(known.key)
                return known.key
            if fold(wanted) in map(fold, NOT_YET):
                self._error(node, "not_yet", name=f"{owner}.{wanted}")
                return None
            self._unknown_attribute(node, owner, wanted, [n for f in self.names.fields for n in (f.label, f.key, *f.aliases)])
            return None
        table = {"order": ORDER, "sender": SENDER}.get(root)
        if table is None:
            self._error(node, "no_attributes", name=owner)
            return None
        key = resolve(wanted, table)
        if key is None:
            self._unknown_attribute(node, owner, wanted, [n for k, aliases in table.items() for n in (k, *aliases)])
        return key

    def visit_Call(self, node: nodes.Call) -> Any:
        """Calls: only of the documented functions; methods do not exist."""
        if isinstance(node.node, nodes.Name) and node.node.name not in self.locals:
            known = resolve(node.node.name, FUNCTIONS)
            if known is not None and node.dyn_args is None and node.dyn_kwargs is None:
                node.node = nodes.Name(known, "load", lineno=node.lineno)
                node.args = [self.visit(a) for a in node.args]
                node.kwargs = [self.visit(k) for k in node.kwargs]
                if known == "link":
                    self._check_link(node)
                return node
            if known is None:
                self._unknown_root(node, node.node.name, function=True)
                return node
        self._error(node, "no_calls")
        return node

    def _check_link(self, node: nodes.Call) -> None:
        given = node.args[0] if len(node.args) == 1 and not node.kwargs else None
        if given is None or (isinstance(given, nodes.Const) and not filters.url(given.value)):
            self._error(node, "bad_link", url=str(getattr(given, "value", ""))[:80])

    def visit_Filter(self, node: nodes.Filter) -> Any:
        """A filter under any of its names."""
        if node.node is None or node.dyn_args is not None or node.dyn_kwargs is not None:
            self._error(node, "not_allowed", what="filter")
            return node
        known = filters.known_filter(node.name, self.lang) or (node.name if node.name in ("_url", "_quoted") else None)
        if known is None:
            near = nearest(node.name, [f for f in filters.table(self.lang) if not f.startswith("_")])
            self._near(node, "unknown_filter", near, name=node.name)
            return node
        if not known.startswith("_"):
            try:
                given: dict[str, Any] = {str(option.key): option.value for option in node.kwargs}
                signature(filters.table(self.lang)[known]).bind(node.node, *node.args, **given)
            except TypeError:
                self._error(node, "filter_arguments", name=known)
                return node
        walked = self._walk(node)
        walked.name = known
        if known == "様" and _path(walked.node) == "customer.company":
            walked.name = "御中"
        return walked

    def visit_Test(self, node: nodes.Test) -> Any:
        """A test after `is`."""
        if node.name not in filters.TESTS or node.dyn_args is not None or node.dyn_kwargs is not None:
            self._near(node, "unknown_test", nearest(node.name, filters.TESTS), name=node.name)
            return node
        return self._walk(node)

    def visit_For(self, node: nodes.For) -> Any:
        """A loop, whose turns are counted."""
        if node.recursive:
            self._error(node, "not_allowed", what="recursive")
            return node
        walked = self._walk(node)
        walked.iter = _inner(walked.iter, "_each")
        return walked

    def visit_If(self, node: nodes.If) -> Any:
        """A condition: what it tests is known not to be empty inside."""
        node.test = self.visit(node.test)
        tested = {path for got in node.test.find_all(nodes.Getitem) if (path := _path(got))} | {_path(node.test) or ""}
        before = set(self.guarded)
        self.guarded |= tested
        node.body = [self.visit(child) for child in node.body]
        node.elif_ = [self.visit(child) for child in node.elif_]
        node.else_ = [self.visit(child) for child in node.else_]
        self.guarded = before
        return node

    def visit_Concat(self, node: nodes.Concat) -> Any:
        """`a ~ b`, whose length is counted."""
        walked = self._walk(node)
        return _inner(nodes.List(walked.nodes, lineno=node.lineno), "_concat")

    def visit_List(self, node: nodes.List) -> Any:
        """A list, which holds no lists."""
        return _inner(self._walk(node), "_flat")

    def visit_Tuple(self, node: nodes.Tuple) -> Any:
        """A tuple: the targets of a loop, or a list by another name."""
        return self._walk(node) if node.ctx == "store" else _inner(self._walk(node), "_flat")

    def visit_Output(self, node: nodes.Output) -> Any:
        """Text and values, side by side: where a bare 様 follows a value that may be empty."""
        walked = self._walk(node)
        for value, after in zip(walked.nodes, walked.nodes[1:], strict=False):
            path = _path(value)
            if (
                path is None
                or not path.startswith("customer.")
                or path in self.guarded
                or not isinstance(after, nodes.TemplateData)
            ):
                continue
            if after.data.lstrip(" 　").startswith(("様", "さま")):
                said = next((f.label for f in self.names.fields if f"customer.{f.key}" == path), path)
                self.findings.append(Finding("warning", text("messages.bare_sama", line=node.lineno, name=said)))
        return walked

    def _walk(self, node: Any) -> Any:
        return self.generic_visit(node)

    def _unknown_root(self, node: nodes.Node, name: str, *, function: bool = False) -> None:
        if fold(name) in map(fold, NOT_YET):
            self._error(node, "not_yet", name=name)
            return
        if function:
            self._near(node, "unknown_function", nearest(name, [n for k, a in FUNCTIONS.items() for n in (k, *a)]), name=name)
            return
        if self.names.field(name) is not None:
            owner = "customer" if name.isascii() else "顧客"
            self._near(node, "unknown_name", f"{owner}.{name}", name=name)
            return
        self._near(
            node, "unknown_name", nearest(name, [*self.locals, *(n for k, a in ROOTS.items() for n in (k, *a))]), name=name
        )

    def _unknown_attribute(self, node: nodes.Node, owner: str, wanted: str, known: Iterable[str]) -> None:
        near = nearest(wanted, known)
        self._near(node, "unknown_attribute", near and f"{owner}.{near}", name=f"{owner}.{wanted}")

    def _near(self, node: nodes.Node, key: str, near: str | None, **values: object) -> None:
        if near is None:
            self._error(node, key, **values)
        else:
            self._error(node, f"{key}_near", near=near, **values)

    def _error(self, node: nodes.Node, key: str, **values: object) -> None:
        shown = {k: v[:80] if isinstance(v, str) else v for k, v in values.items()}
        self.findings.append(Finding("error", text(f"messages.{key}", line=node.lineno, **shown)))


_EXAMPLES = {
    "customer": "customer.name", "顧客": "顧客.姓", "order": "order.amount", "注文": "注文.金額",
    "sender": "sender.name", "差出人": "差出人.名前", "お客様": "お客様.姓",
}  # fmt: skip


def own_names(tree: nodes.Template) -> frozenset[str]:
    """The names that a template sets itself (loops and `set`)."""
    return frozenset(found.name for found in tree.find_all(nodes.Name) if found.ctx == "store")


def _path(node: nodes.Node | None) -> str | None:
    """`customer.last_name` of a settled attribute, else None."""
    if isinstance(node, nodes.Getitem) and isinstance(node.node, nodes.Name) and isinstance(node.arg, nodes.Const):
        return f"{node.node.name}.{node.arg.value}"
    return None


def _inner(node: Any, name: str) -> Any:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)
