"""The methods of the Web API about modals and Homes: views.*."""

from __future__ import annotations

import hashlib
import json

from slack_server import shown
from slack_server.arguments import Arguments
from slack_server.blocks import check_view, with_ids
from slack_server.kinds import ApiError, Json, refused
from slack_server.workspace import View, Workspace

MOST_STACKED = 3
"""Modals that may lie upon each other."""


def _body(given: Arguments, kind: str, work: Workspace) -> Json:
    view = given.data("view", "invalid_arguments")
    if not isinstance(view, dict):
        raise refused("invalid_arguments", "missing required field: view [json-pointer:/view]")
    return prepared(view, kind, work)


def prepared(view: Json, kind: str, work: Workspace) -> Json:
    """A view as it is kept, with ids for its blocks. Raises ApiError where it is not valid."""
    wrong = check_view(view, kind)
    if wrong:
        raise refused("invalid_arguments", *wrong)
    missing: Json = {"callback_id": "", "private_metadata": "", "external_id": "", "clear_on_close": False}
    missing |= {"notify_on_close": False, "close": None, "submit": None, "title": {"type": "plain_text", "text": "View Title"}}
    return missing | view | {"blocks": with_ids(view["blocks"], work.block_id)}


def _trigger(given: Arguments, work: Workspace) -> tuple[str, str]:
    found = work.triggers.get(given.required("trigger_id")[0])
    if found is None:
        raise ApiError("invalid_trigger_id")
    if found.used:
        raise ApiError("exchanged_trigger_id")
    if work.now() > found.until:
        raise ApiError("expired_trigger_id")
    found.used = True
    return found.user, found.view


def _unique(body: Json, work: Workspace, but: str = "") -> None:
    outer = body.get("external_id")
    if outer and any(view.open and view.body["external_id"] == outer and view.id != but for view in work.views.values()):
        raise ApiError("duplicate_external_id")


def digest(body: Json, work: Workspace) -> str:
    """The hash of a view as it is now."""
    return f"{int(work.now())}.{hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:8]}"


def add(body: Json, user: str, work: Workspace, under: View | None = None) -> View:
    """Another modal for that person, upon the one under it."""
    view_id = work.new_id("V")
    root = under.root if under else view_id
    view = View(view_id, "modal", user, body, digest(body, work), root, under.id if under else "")
    with work.changed:
        work.views[view.id] = view
        work.changed.notify_all()
    return view


def change(view: View, body: Json, work: Workspace) -> None:
    """Puts other content into a view that is open; what was entered stays where block and action are the same."""
    kept: dict[str, dict[str, Json]] = {}
    for block in body["blocks"]:
        entered = view.state.get(block.get("block_id", ""))
        if entered and block.get("element", {}).get("action_id") in entered:
            kept[block["block_id"]] = entered
    with work.changed:
        view.body, view.hash, view.state, view.errors = body, digest(body, work), kept, {}
        work.changed.notify_all()


def opened(given: Arguments, work: Workspace) -> Json:
    """views.open"""
    body = _body(given, "modal", work)
    _unique(body, work)
    user, _ = _trigger(given, work)
    return {"ok": True, "view": shown.view(add(body, user, work), work)}


def pushed(given: Arguments, work: Workspace) -> Json:
    """views.push"""
    body = _body(given, "modal", work)
    _unique(body, work)
    user, under_id = _trigger(given, work)
    under = work.views.get(under_id)
    if under is None or not under.open:
        raise ApiError("not_found")
    if sum(view.open and view.root == under.root for view in work.views.values()) >= MOST_STACKED:
        raise ApiError("push_limit_reached")
    return {"ok": True, "view": shown.view(add(body, user, work, under), work)}


def updated(given: Arguments, work: Workspace) -> Json:
    """views.update"""
    view_id, external = given.text("view_id"), given.text("external_id")
    if not view_id and not external:
        raise refused("invalid_arguments", "missing required field: view_id [json-pointer:/view_id]")
    found = [
        one
        for one in work.views.values()
        if one.open and (one.id == view_id or (external and one.body["external_id"] == external))
    ]
    if not found:
        raise ApiError("not_found")
    view = found[0]
    if given.text("hash") and given.text("hash") != view.hash:
        raise ApiError("hash_conflict")
    body = _body(given, view.kind, work)
    _unique(body, work, view.id)
    change(view, body, work)
    return {"ok": True, "view": shown.view(view, work)}


def published(given: Arguments, work: Workspace) -> Json:
    """views.publish"""
    if not work.home_tab:
        raise ApiError("not_enabled")
    user = work.user(given.required("user_id")[0])
    body = _body(given, "home", work)
    mine = [view for view in work.views.values() if view.kind == "home" and view.user == user.id]
    if mine and given.text("hash") and given.text("hash") != mine[0].hash:
        raise ApiError("hash_conflict")
    if mine:
        change(mine[0], body, work)
        return {"ok": True, "view": shown.view(mine[0], work)}
    view_id = work.new_id("V")
    view = View(view_id, "home", user.id, body, digest(body, work), view_id)
    with work.changed:
        work.views[view.id] = view
        work.changed.notify_all()
    return {"ok": True, "view": shown.view(view, work)}
