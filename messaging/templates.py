"""A row of the message catalogue, compiled once and rendered per customer; and its check at sync time, cell by cell.

A compiled message holds no data and no place: callers keep it as long as the row's content stays the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from jinja2 import Template, TemplateSyntaxError

from journey.errors import InputError
from journey.fields import Names
from journey.model import MessageVariant
from journey.problems import Severity
from journey.texts import Lang, Text, text
from messaging import filters, markup
from messaging.context import Needs
from messaging.sandbox import RenderProblem, environment, run
from messaging.tags import fold_tags
from messaging.template_check import Checker, Finding, own_names

__all__ = ["CompiledMessage", "RenderProblem", "Rendered", "TemplateProblem", "check_message", "compile_variant"]

Form = Literal["mail", "note"]
"""`mail` has a subject, HTML and text; `note` (SMS, chat, push) is text only."""

COLUMNS = ("subject", "preheader", "body", "link", "image")
LONGEST_CELL = 50_000
_SHORT = 2_000
"""Up to so many characters of lone values nothing is nested so deeply that only compiling would tell."""
_TAG = re.compile(r"[{｛][{｛%％#＃]")
_RAW = re.compile(r"\{%[-+]?\s*(raw|endraw)\b")
_SPACES = re.compile(r"\s+")


class TemplateProblem(InputError):
    """A row of the catalogue that cannot be compiled; `check_message` says the same, with the column, at sync time."""


@dataclass(frozen=True)
class Rendered:
    """A message made for one customer. `html` is empty for notes; `link` and `image` are permitted addresses or empty."""

    subject: str
    preheader: str
    html: str
    text: str
    link: str
    image: str
    lang: Lang
    own_unsubscribe: bool = False
    """The body shows the unsubscribe address itself."""
    whole_page: bool = False
    """`html` is a page of its own, to be framed by nothing."""


@dataclass(frozen=True)
class CompiledMessage:
    """One row of the catalogue, ready to render any number of times, from any thread."""

    variant: MessageVariant
    lang: Lang
    form: Form
    needs: Needs
    own_unsubscribe: bool
    whole_page: bool
    _parts: Mapping[str, Template]

    def render(self, context: Mapping[str, Any]) -> Rendered:
        """The message for one context (`messaging.context.build`).

        Raises RenderProblem where it cannot be made for this customer, and where a mail would have no subject or no text.
        """
        made = {name: self._render(name, context) for name in self._parts}
        subject = _line(made["subject"])
        said = markup.tidy_text(made["text"])
        if not said.strip() or (self.form == "mail" and not subject):
            raise RenderProblem(text("messages.renders_empty", message=self.variant.message))
        return Rendered(
            subject=subject,
            preheader=_line(made["preheader"]),
            html=made.get("html", ""),
            text=said,
            link=filters.url(made["link"]),
            image=filters.url(made["image"]),
            lang=self.lang,
            own_unsubscribe=self.own_unsubscribe,
            whole_page=self.whole_page,
        )

    def _render(self, name: str, context: Mapping[str, Any]) -> str:
        template = self._parts[name]
        return run(template.root_render_func, template.new_context(dict(context)))


def compile_variant(
    variant: MessageVariant, names: Names | None = None, lang: Lang = "ja", *, form: Form | None = None
) -> CompiledMessage:
    """A row of the catalogue, compiled. `lang` counts where the row names no language; `form` follows the row's channel if None.

    Raises TemplateProblem with the first thing that blocks.
    """
    names = names or Names()
    lang = _language(variant, lang)
    form = form or ("mail" if variant.channel in ("", "email") else "note")
    parts: dict[str, Template] = {}
    needs, uses = Needs(), frozenset[str]()
    for column in COLUMNS:
        source = fold_tags(getattr(variant, column))
        checked = _parse(source, names, lang, html=False)
        for finding in checked.findings:
            if finding.severity == "error":
                raise TemplateProblem(finding.said)
        needs = needs | checked.needs
        if column == "body":
            uses = frozenset(checked.uses)
        else:
            parts[column] = checked.template
    body = markup.body(variant.body) if form == "mail" else markup.plain(variant.body)
    parts["text"] = _parse(body.text, names, lang, html=False, limit=LONGEST_CELL * 10).template
    if form == "mail":
        parts["html"] = _parse(body.html, names, lang, html=True, limit=LONGEST_CELL * 10).template
    return CompiledMessage(variant, lang, form, needs, "unsubscribe_url" in uses, body.whole_page, parts)


def check_message(variant: MessageVariant, names: Names) -> list[tuple[str, Severity, Text]]:
    """What its author should know about a row, by column (`subject`, `preheader`, `body`, `link`, `image`); errors block."""
    lang = _language(variant, "ja")
    mail = variant.channel == "email"
    found: list[tuple[str, Severity, Text]] = []
    for column in COLUMNS:
        checked = _checked(fold_tags(getattr(variant, column)), names, lang)
        found += [(column, finding.severity, finding.said) for finding in checked.findings]
    if mail and not variant.subject.strip():
        found.append(("subject", "error", text("messages.no_subject", message=variant.message)))
    if not variant.body.strip():
        found.append(("body", "error", text("messages.no_body", message=variant.message)))
    for column in ("link", "image"):
        given = getattr(variant, column).strip()
        if given and not _TAG.search(given) and not filters.url(given):
            found.append((column, "error", text("messages.bad_address", url=given[:80])))
    if not any(severity == "error" for _, severity, _ in found) and "{%" in fold_tags(variant.body):
        found += [
            ("body", "error", said) for said in _forms_problems(variant, names, lang, mail=variant.channel in ("", "email"))
        ]
    return found


def _forms_problems(variant: MessageVariant, names: Names, lang: Lang, *, mail: bool) -> list[Text]:
    """What blocks the forms that a body is sent in, although the cell itself is sound: a statement may stand elsewhere in them (a
    lone value is carried through as it is)."""
    made = markup.body(variant.body) if mail else markup.plain(variant.body)
    sources = [(made.text, False), *([(made.html, True)] if mail else [])]
    parsed = [_checked(source, names, lang, html=html, limit=LONGEST_CELL * 10) for source, html in sources]
    return list(dict.fromkeys(f.said for one in parsed for f in one.findings if f.severity == "error"))[:1]


def _checked(source: str, names: Names, lang: Lang, *, html: bool = False, limit: int = LONGEST_CELL) -> _Parsed:
    """A source after its check; compiled only where that can bring something to light: plain text and lone values never do."""
    if len(source) <= limit and not _TAG.search(source):
        return _Parsed((), Needs(), frozenset(), _nothing(lang))
    return _parse(source, names, lang, html=html, limit=limit, compiled=len(source) > _SHORT or "{%" in source)


@dataclass(frozen=True)
class _Parsed:
    """A source after its check; `template` is empty where a finding blocks, and where it was not asked for."""

    findings: tuple[Finding, ...]
    needs: Needs
    uses: frozenset[str]
    template: Template


@cache
def _nothing(lang: Lang) -> Template:
    return environment(lang, html=False).from_string("")


def _parse(source: str, names: Names, lang: Lang, *, html: bool, limit: int = LONGEST_CELL, compiled: bool = True) -> _Parsed:
    """Checks and compiles one source. What Jinja2 cannot read is a finding like any other."""
    env, nothing = environment(lang, html=html), _nothing(lang)
    try:
        if len(source) > limit:
            return _Parsed((Finding("error", text("messages.too_long", limit=LONGEST_CELL)),), Needs(), frozenset(), nothing)
        raw = _RAW.search(source)
        if raw:
            line = source.count("\n", 0, raw.start()) + 1
            refused = Finding("error", text("messages.not_allowed", line=line, what=raw[1]))
            return _Parsed((refused,), Needs(), frozenset(), nothing)
        tree = env.parse(source)
        checker = Checker(names, lang, own_names(tree))
        settled = checker.visit(tree)
        blocked = any(f.severity == "error" for f in checker.findings)
        template = nothing if blocked or not compiled else env.from_string(settled)
        return _Parsed(tuple(checker.findings), checker.needs, frozenset(checker.uses), template)
    except TemplateSyntaxError as error:
        said = text("messages.syntax", line=error.lineno, why=_why(error.message or ""))
    except (RecursionError, SyntaxError, MemoryError, ValueError, OverflowError):
        said = text("messages.too_deep")
    return _Parsed((Finding("error", said),), Needs(), frozenset(), nothing)


def _why(message: str) -> Text:
    """The parser's complaint in the reader's language, for the mistakes that people make."""
    for pattern, key in _MISTAKES:
        match = re.search(pattern, message)
        if match:
            return text(f"messages.{key}", **{name: value[:40] for name, value in match.groupdict().items()})
    return text("messages.why_other", message=message[:120])


_MISTAKES = (
    (r"got 'end of template'|'end of template'", "why_unclosed_tag"),
    (r"Expected an expression, got 'end of (?:print statement|statement block)'", "why_nothing"),
    (r"tag name expected", "why_nothing"),
    (r"Unexpected end of template.*'(?P<end>end\w+)'", "why_unclosed"),
    (r"Unexpected end of template", "why_unclosed_tag"),
    (r"expected token 'end of (?:print statement|statement block)', got '(?P<got>[^']*)'", "why_unexpected"),
    (r"unknown tag '(?P<got>[^']*)'", "why_unknown_tag"),
    (r"unexpected '(?P<got>[^']*)'", "why_unexpected"),
    (r"unexpected char '(?P<got>[^']*)'", "why_unexpected"),
    (r"expected token '(?P<wanted>[^']*)', got '(?P<got>[^']*)'", "why_unexpected"),
    (r"Missing end of comment|unexpected end", "why_unclosed_tag"),
)


def _language(variant: MessageVariant, fallback: Lang) -> Lang:
    given = variant.language.strip().lower()
    if not given:
        return fallback
    return "ja" if given.startswith(("ja", "jp", "日")) else "en"


def _line(shown: str) -> str:
    """One line, without control characters: what a header may hold."""
    return _SPACES.sub(" ", "".join(c if c.isprintable() or c.isspace() else "" for c in shown)).strip()
