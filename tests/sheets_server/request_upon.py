"""Requests on what lies upon the cells: protection, conditional formats, named ranges, filters, stripes, developer metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sheets_server import colours, masks
from sheets_server.edit import Edit, Handler
from sheets_server.errors import Json


def _kept_range(edit: Edit, item: Json) -> Json:
    """The range of a thing, held against the grid, with its open ends left open."""
    if item.get("range") is None:
        raise edit.no("range is required.")
    edit.range(item["range"])
    return {
        **item,
        "range": {
            name: value for name, value in item["range"].items() if value is not None and (name, value) != ("sheetId", 0)
        },
    }


def _find(edit: Edit, items: list[Json], name: str, wanted: object, said: str) -> int:
    for at, item in enumerate(items):
        if item[name] == wanted:
            return at
    raise edit.no(f"No {said} with id: {wanted}")


def add_protected_range(edit: Edit, body: Json) -> Json:
    """Cells that only some may edit, or (warningOnly) that ask before they are edited."""
    item = dict(body.get("protectedRange") or {})
    if item.get("namedRangeId") or item.get("tableId"):
        raise edit.no("this server protects ranges of cells only.")
    item = _kept_range(edit, item)
    known = {other["protectedRangeId"] for sheet in edit.state.sheets for other in sheet.protected}
    item["protectedRangeId"] = item.get("protectedRangeId") or edit.draw()
    if item["protectedRangeId"] in known:
        raise edit.no(f"Protected range with id {item['protectedRangeId']} already exists.")
    if item.get("warningOnly"):
        if item.get("editors"):
            raise edit.no("A warningOnly protected range cannot have editors.")
    else:
        item.pop("warningOnly", None)
        editors = {**(item.get("editors") or {})}
        editors["users"] = sorted({*editors.get("users", ()), edit.editor})
        item["editors"] = editors
    item.pop("requestingUserCanEdit", None)
    edit.sheet(item["range"].get("sheetId")).protected.append(item)
    return {"protectedRange": seen_by(edit.editor, item)}


def seen_by(user: str, protected: Json) -> Json:
    """A protected range as it is answered to that account."""
    return {
        **protected,
        "requestingUserCanEdit": bool(protected.get("warningOnly")) or user in protected["editors"].get("users", ()),
    }


def update_protected_range(edit: Edit, body: Json) -> Json:
    """A protected range changed."""
    mask = edit.mask(body, "ProtectedRange")
    wanted = body.get("protectedRange") or {}
    for sheet in edit.state.sheets:
        for at, item in enumerate(sheet.protected):
            if item["protectedRangeId"] == wanted.get("protectedRangeId"):
                new = _kept_range(edit, masks.merged(item, wanted, mask))
                if new.get("warningOnly"):
                    new.pop("editors", None)
                else:
                    new.setdefault("editors", {"users": [edit.editor]})
                del sheet.protected[at]
                edit.sheet(new["range"].get("sheetId")).protected.append({**new, "protectedRangeId": item["protectedRangeId"]})
                return {}
    raise edit.no(f"No protected range with id: {wanted.get('protectedRangeId')}")


def delete_protected_range(edit: Edit, body: Json) -> Json:
    """Protection taken away."""
    for sheet in edit.state.sheets:
        for at, item in enumerate(sheet.protected):
            if item["protectedRangeId"] == body.get("protectedRangeId"):
                del sheet.protected[at]
                return {}
    raise edit.no(f"No protected range with id: {body.get('protectedRangeId')}")


def _rule(edit: Edit, rule: Json | None) -> tuple[int, Json]:
    """A conditional format and the id of the tab on which all its ranges lie."""
    rule = rule or {}
    ranges = rule.get("ranges") or []
    if not ranges:
        raise edit.no("ConditionalFormatRule.ranges is required.")
    if (rule.get("booleanRule") is None) == (rule.get("gradientRule") is None):
        raise edit.no("Exactly one of booleanRule or gradientRule must be set.")
    ids = {edit.range(item)[0].id for item in ranges}
    if len(ids) > 1:
        raise edit.no("All ranges of a conditional format must be on the same grid.")
    return ids.pop(), colours.kept(rule)


def add_conditional(edit: Edit, body: Json) -> Json:
    """A conditional format put in at an index."""
    sheet_id, rule = _rule(edit, body.get("rule"))
    rules, index = edit.sheet(sheet_id).conditional, body.get("index") or 0
    if not 0 <= index <= len(rules):
        raise edit.no(f"index[{index}] is greater than the number of rules[{len(rules)}]")
    rules.insert(index, rule)
    return {}


def update_conditional(edit: Edit, body: Json) -> Json:
    """A conditional format replaced, or moved to another index."""
    index = body.get("index") or 0
    if body.get("rule") is not None:
        sheet_id, rule = _rule(edit, body["rule"])
        rules = edit.sheet(sheet_id).conditional
        _within(edit, index, rules)
        old, rules[index] = rules[index], rule
        return {"newRule": colours.told(rule), "newIndex": index, "oldRule": colours.told(old), "oldIndex": index}
    rules, to = edit.sheet(body.get("sheetId")).conditional, body.get("newIndex") or 0
    _within(edit, index, rules)
    _within(edit, to, rules)
    rule = rules.pop(index)
    rules.insert(to, rule)
    return {"newRule": colours.told(rule), "newIndex": to, "oldRule": colours.told(rule), "oldIndex": index}


def delete_conditional(edit: Edit, body: Json) -> Json:
    """A conditional format taken away."""
    rules, index = edit.sheet(body.get("sheetId")).conditional, body.get("index") or 0
    _within(edit, index, rules)
    return {"rule": colours.told(rules.pop(index))}


def _within(edit: Edit, index: int, rules: list[Json]) -> None:
    if not 0 <= index < len(rules):
        raise edit.no(f"No conditional format on sheet at index: {index}")


def add_named_range(edit: Edit, body: Json) -> Json:
    """A range given a name."""
    item = _kept_range(edit, dict(body.get("namedRange") or {}))
    if any(other["name"].casefold() == str(item.get("name", "")).casefold() for other in edit.state.named) or not item.get(
        "name"
    ):
        raise edit.no(f"A named range with the name {item.get('name')} already exists, or it has none.")
    item["namedRangeId"] = item.get("namedRangeId") or str(edit.draw())
    edit.state.named.append(item)
    return {"namedRange": item}


def update_named_range(edit: Edit, body: Json) -> Json:
    """A named range changed."""
    mask = edit.mask(body, "NamedRange")
    wanted = body.get("namedRange") or {}
    at = _find(edit, edit.state.named, "namedRangeId", wanted.get("namedRangeId"), "named range")
    edit.state.named[at] = _kept_range(edit, masks.merged(edit.state.named[at], wanted, mask))
    return {}


def delete_named_range(edit: Edit, body: Json) -> Json:
    """A name taken away."""
    del edit.state.named[_find(edit, edit.state.named, "namedRangeId", body.get("namedRangeId"), "named range")]
    return {}


def set_basic_filter(edit: Edit, body: Json) -> Json:
    """The filter of a tab (which hides no rows here)."""
    item = _kept_range(edit, dict(body.get("filter") or {}))
    edit.sheet(item["range"].get("sheetId")).filter = item
    return {}


def clear_basic_filter(edit: Edit, body: Json) -> Json:
    """The filter of a tab taken away."""
    edit.sheet(body.get("sheetId")).filter = None
    return {}


def add_banding(edit: Edit, body: Json) -> Json:
    """Stripes."""
    item = colours.kept(_kept_range(edit, dict(body.get("bandedRange") or {})))
    item["bandedRangeId"] = item.get("bandedRangeId") or edit.draw()
    sheet, box = edit.range(item["range"])
    if any(edit.range(other["range"])[1].meets(box) for other in sheet.banded):
        raise edit.no("You cannot add alternating background colors to a range that already has alternating background colors.")
    sheet.banded.append(item)
    return {"bandedRange": colours.told(item)}


def delete_banding(edit: Edit, body: Json) -> Json:
    """Stripes taken away."""
    for sheet in edit.state.sheets:
        for at, item in enumerate(sheet.banded):
            if item["bandedRangeId"] == body.get("bandedRangeId"):
                del sheet.banded[at]
                return {}
    raise edit.no(f"No banding with id: {body.get('bandedRangeId')}")


def located(edit: Edit, location: Json | None) -> Json:
    """A DeveloperMetadataLocation, checked, with the type that Google works out."""
    location = {name: value for name, value in (location or {}).items() if value is not None and name != "locationType"}
    if len(location) != 1:
        raise edit.no("developerMetadata.location must be set to exactly one place.")
    if "spreadsheet" in location:
        return {"locationType": "SPREADSHEET", "spreadsheet": True}
    if "sheetId" in location:
        return {"locationType": "SHEET", "sheetId": edit.sheet(location["sheetId"]).id}
    place = location["dimensionRange"]
    sheet = edit.sheet(place.get("sheetId"))
    size = len(sheet.rows) if place.get("dimension") == "ROWS" else len(sheet.columns)
    start, end = place.get("startIndex") or 0, place.get("endIndex") or 0
    if place.get("dimension") not in ("ROWS", "COLUMNS") or end != start + 1 or not 0 <= start < size:
        raise edit.no("developerMetadata.location.dimensionRange must be a single row or column of the grid.")
    kind = "ROW" if place["dimension"] == "ROWS" else "COLUMN"
    whole = {"sheetId": sheet.id, "dimension": place["dimension"], "startIndex": start, "endIndex": end}
    return {"locationType": kind, "dimensionRange": whole}


def create_metadata(edit: Edit, body: Json) -> Json:
    """A key and value remembered for a spreadsheet, a tab, a row or a column."""
    item = dict(body.get("developerMetadata") or {})
    if not item.get("metadataKey"):
        raise edit.no("developerMetadata.metadataKey is required.")
    if item.get("visibility") not in ("DOCUMENT", "PROJECT"):
        raise edit.no("developerMetadata.visibility is required.")
    item["location"] = located(edit, item.get("location"))
    item["metadataId"] = item.get("metadataId") or edit.draw()
    if any(other["metadataId"] == item["metadataId"] for other in edit.state.metadata):
        raise edit.no(f"Developer metadata with id {item['metadataId']} already exists.")
    edit.state.metadata.append(item)
    return {"developerMetadata": item}


def matches(item: Json, data_filter: Json) -> bool:
    """Whether a DataFilter with a developerMetadataLookup means this metadata."""
    look: Any = data_filter.get("developerMetadataLookup") or {}
    plain = all(
        item.get(name) == look[name]
        for name in ("metadataKey", "metadataValue", "metadataId", "visibility")
        if look.get(name) is not None
    )
    kind = look.get("locationType")
    wanted = {name: value for name, value in (look.get("metadataLocation") or {}).items() if value is not None}
    there = all(item["location"].get(name) == value for name, value in wanted.items())
    return bool(look) and plain and there and (kind is None or item["location"]["locationType"] == kind)


def update_metadata(edit: Edit, body: Json) -> Json:
    """Metadata changed wherever a filter finds it."""
    mask = edit.mask(body, "DeveloperMetadata")
    changed = []
    for at, item in enumerate(edit.state.metadata):
        if any(matches(item, data_filter) for data_filter in body.get("dataFilters") or ()):
            new = masks.merged(item, body.get("developerMetadata") or {}, mask)
            new |= {"metadataId": item["metadataId"], "location": located(edit, new.get("location"))}
            edit.state.metadata[at] = new
            changed.append(new)
    return {"developerMetadata": changed} if changed else {}


def delete_metadata(edit: Edit, body: Json) -> Json:
    """Metadata taken away wherever the filter finds it."""
    gone = [item for item in edit.state.metadata if matches(item, body.get("dataFilter") or {})]
    edit.state.metadata = [item for item in edit.state.metadata if item not in gone]
    return {"deletedDeveloperMetadata": gone} if gone else {}


HANDLERS: Mapping[str, Handler] = {
    "addProtectedRange": add_protected_range,
    "updateProtectedRange": update_protected_range,
    "deleteProtectedRange": delete_protected_range,
    "addConditionalFormatRule": add_conditional,
    "updateConditionalFormatRule": update_conditional,
    "deleteConditionalFormatRule": delete_conditional,
    "addNamedRange": add_named_range,
    "updateNamedRange": update_named_range,
    "deleteNamedRange": delete_named_range,
    "setBasicFilter": set_basic_filter,
    "clearBasicFilter": clear_basic_filter,
    "addBanding": add_banding,
    "deleteBanding": delete_banding,
    "createDeveloperMetadata": create_metadata,
    "updateDeveloperMetadata": update_metadata,
    "deleteDeveloperMetadata": delete_metadata,
}
