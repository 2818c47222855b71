"""Slack as the four methods that messages are kept up with, over a channel in memory, with faults."""

from collections.abc import Callable
from typing import Any

from slack_sdk.errors import SlackApiError

FAULTS = ("none", "lost", "cut", "half", "refused", "rate")


class Channel:
    """Slack as a channel of messages, with faults: `lost` never arrives, `cut` and `half` arrive and nobody hears of it."""

    def __init__(self, *faults: str) -> None:
        self.messages: dict[str, dict[str, Any]] = {}
        self.faults = iter(faults)
        self.calls = 0

    def _call(self, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        self.calls += 1
        fault = next(self.faults, "none")
        if fault == "lost":
            raise TimeoutError
        if fault in ("refused", "rate"):
            raise SlackApiError("no", {"ok": False, "error": "fatal_error" if fault == "refused" else "ratelimited"})
        answer = work()
        if fault == "half":
            raise SlackApiError("no", {"ok": False, "error": "fatal_error"})
        if fault == "cut":
            raise ConnectionResetError
        return answer

    def chat_postMessage(self, **fields: Any) -> Any:
        def work() -> dict[str, Any]:
            ts = f"{len(self.messages) + 1}.0"
            self.messages[ts] = fields
            return {"ok": True, "ts": ts}

        return self._call(work)

    def chat_update(self, **fields: Any) -> Any:
        def work() -> dict[str, Any]:
            if fields["ts"] not in self.messages:
                raise SlackApiError("gone", {"ok": False, "error": "message_not_found"})
            self.messages[fields["ts"]] |= {"blocks": [], **fields}
            return {"ok": True}

        return self._call(work)

    def conversations_history(self, **fields: Any) -> Any:
        return self._call(lambda: {"messages": [{"ts": ts, **m} for ts, m in reversed(self.messages.items())]})

    def chat_getPermalink(self, **fields: Any) -> Any:
        return {"permalink": f"https://slack.invalid/{fields['message_ts']}"}

    @property
    def open(self) -> list[str]:
        return sorted(m["text"] for m in self.messages.values() if not m["text"].startswith("closed"))
