"""Which column of a file is what, and what kind of file its columns make it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from journey.conditions.features import KINDS as FEATURES
from journey.conditions.features import OWN_COLUMN
from journey.errors import InputError
from journey.facts.schema import CUSTOMERS
from journey.model import FieldDef
from journey.names import fold, nearest, tidy
from journey.texts import Text, text
from sheets_sync.uploads.catalogue import KINDS, NEEDED, REASON, TELLING, Column, UploadKind, ValueType, columns_of


@dataclass(frozen=True)
class Layout:
    """How a file's columns are read.

    `fields` are columns of the kind by name with their position in the file; `custom` the positions that become custom attributes
    (customers) with their definition, or properties (events); `ignored` the headers that are not read; `warnings` are
    (header, sentence).
    """

    kind: UploadKind
    headers: tuple[str, ...]
    fields: Mapping[str, int]
    types: Mapping[str, ValueType]
    custom: Mapping[int, FieldDef] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    warnings: tuple[tuple[str, Text], ...] = ()

    def header(self, name: str) -> str:
        """The header that a column of the kind stands under in this file."""
        return self.headers[self.fields[name]]


def recognise(
    headers: Sequence[str],
    *,
    kind: UploadKind | None = None,
    mapping: Mapping[str, str] | None = None,
    fields: Sequence[FieldDef] = (),
) -> Layout:
    """How a file with these headers is read. `mapping` (column of the kind → header) goes before what the names say.

    Raises InputError where the kind is unclear or not available, a needed column is missing, or the mapping names nothing.
    """
    _refuse_doubles(headers)
    chosen = kind or _guess(headers, mapping or {}, fields)
    if chosen == "results":
        raise InputError(text("uploads.results_not_yet"))
    columns = columns_of(chosen, fields)
    found = _match(headers, columns, _mapped(headers, chosen, columns, mapping or {}))
    missing = [names for names in NEEDED[chosen] if not found.keys() & set(names)]
    if missing:
        wanted = [_shown(columns, names) for names in missing]
        raise InputError(text("uploads.column_missing", kind=_kind(chosen), missing=wanted, headers=_some(headers)))
    types = {c.name: c.type for c in columns if c.name in found}
    rest = [i for i, h in enumerate(headers) if i not in found.values() and h.strip() and fold(h) != fold(REASON)]
    if chosen == "customers":
        custom, warnings = _custom(headers, rest)
        return Layout(chosen, tuple(headers), found, types, custom, _unnamed(headers, found), warnings)
    if chosen == "events":
        properties = {i: FieldDef(tidy(headers[i]), tidy(headers[i]), "text") for i in rest}
        return Layout(chosen, tuple(headers), found, types, properties, _unnamed(headers, found))
    return Layout(chosen, tuple(headers), found, types, ignored=tuple(headers[i] for i in rest))


def recognised(headers: Sequence[str], kind: UploadKind, fields: Sequence[FieldDef]) -> int:
    """How many of these headers name a column of the kind."""
    return len(_match(headers, columns_of(kind, fields), {}))


def _custom(headers: Sequence[str], rest: Iterable[int]) -> tuple[Mapping[int, FieldDef], tuple[tuple[str, Text], ...]]:
    features = {fold(name) for f in FEATURES.values() for name in (f.name, *f.labels)}
    custom: dict[int, FieldDef] = {}
    warnings: list[tuple[str, Text]] = []
    for i in rest:
        label = tidy(headers[i])
        if fold(label) in features or fold(label) in CUSTOMERS:
            label += OWN_COLUMN
            warnings.append((headers[i], text("uploads.computed_name", column=headers[i], stored=label)))
        custom[i] = FieldDef(fold(label), label, "text")
    return custom, tuple(warnings)


def _guess(headers: Sequence[str], mapping: Mapping[str, str], fields: Sequence[FieldDef]) -> UploadKind:
    matched: dict[UploadKind, Mapping[str, int]] = {}
    for kind in KINDS:
        columns = columns_of(kind, fields)
        mine = {k: v for k, v in mapping.items() if _column(columns, k) is not None}
        matched[kind] = _match(headers, columns, _mapped(headers, kind, columns, mine))
    fits = {k for k, found in matched.items() if all(found.keys() & set(names) for names in NEEDED[k])}
    special = [k for k in ("results", "consents", "events", "purchases") if k in fits]
    if len(special) == 1:
        return special[0]
    if not special:
        who = bool(matched["customers"].keys() & {"customer_id", "email"})  # a phone number alone may be a shop's
        half = any(matched[k].keys() & telling for k, telling in TELLING.items())
        if who and not half and "product" not in matched["products"]:
            return "customers"
        if "products" in fits and not who and len(matched["products"]) > 1:
            return "products"
        if not any(matched.values()):
            raise InputError(text("uploads.no_header", headers=_some(headers)))
    raise InputError(text("uploads.kind_unclear", headers=_some(headers)))


def _mapped(
    headers: Sequence[str], kind: UploadKind, columns: Sequence[Column], mapping: Mapping[str, str]
) -> Mapping[str, int]:
    by_header = {fold(h): i for i, h in enumerate(headers)}
    found: dict[str, int] = {}
    for name, header in mapping.items():
        column = _column(columns, name)
        if column is None:
            near = nearest(name, [n for c in columns for n in (c.name, *c.names)])
            raise InputError(_meant("uploads.map_unknown_field", near, name=name, kind=_kind(kind)))
        if fold(header) not in by_header:
            near = nearest(header, headers)
            raise InputError(_meant("uploads.map_unknown_column", near, name=header, headers=_some(headers)))
        found[column.name] = by_header[fold(header)]
    return found


def _meant(key: str, near: str | None, **values: object) -> Text:
    return text(f"{key}_meant", near=near, **values) if near else text(key, **values)


def _column(columns: Sequence[Column], name: str) -> Column | None:
    wanted = _key(name)
    for column in columns:
        if wanted in {_key(column.name), *map(_key, column.names)}:
            return column
    return None


def _match(headers: Sequence[str], columns: Sequence[Column], given: Mapping[str, int]) -> dict[str, int]:
    """Each column's position: what was given, then by first names of all columns, then by their other names in order."""
    positions: dict[str, int] = {}
    for i, header in enumerate(headers):
        if header.strip():
            positions.setdefault(_key(header), i)
    found = dict(given)
    taken = set(found.values())
    for own in (True, False):
        for column in columns:
            if column.name in found:
                continue
            names = (column.name, *column.names[:1]) if own else column.names[1:]
            for name in names:
                at = positions.get(_key(name))
                if at is not None and at not in taken:
                    found[column.name] = at
                    taken.add(at)
                    break
    return found


_MARKS = re.compile(r"[_\-./・:（）()\[\]]")


def _key(name: str) -> str:
    """Headers are compared without the marks that exports put between words: `CustomerID`, `customer_id`, `Customer-Id`."""
    return _MARKS.sub("", fold(name)) or fold(name)


def _refuse_doubles(headers: Sequence[str]) -> None:
    seen: set[str] = set()
    for header in headers:
        if header.strip() and fold(header) in seen:
            raise InputError(text("uploads.header_twice", header=tidy(header)[:80]))
        seen.add(fold(header))
    if not any(h.strip() for h in headers):
        raise InputError(text("uploads.header_empty"))


def _unnamed(headers: Sequence[str], found: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(h for i, h in enumerate(headers) if not h.strip() and i not in found.values())


def _shown(columns: Sequence[Column], names: Sequence[str]) -> str:
    labels = {c.name: c.names[0] for c in columns if c.names}
    return " / ".join(f"{n} {labels[n]}" if n in labels else n for n in names)


def _some(headers: Sequence[str]) -> list[str]:
    shown = [tidy(h)[:40] for h in headers[:12] if h.strip()]
    return [*shown, "…"] if len(headers) > 12 else shown


def _kind(kind: UploadKind) -> Text:
    return text(f"uploads.kind_{kind}")
