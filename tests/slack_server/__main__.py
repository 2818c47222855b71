"""A trial by hand: `python -m slack_server` (from tests/) serves a workspace for a while, with a page to look at it in a browser."""

from __future__ import annotations

import argparse
import time

from slack_server.server import SlackServer


def main() -> None:
    """Serves until the minutes are over or the process is interrupted."""
    parser = argparse.ArgumentParser(prog="python -m slack_server", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="how long to serve (30)")
    parser.add_argument("--port", type=int, default=0, help="the port (any that is free)")
    parser.add_argument("--channel", action="append", help="a channel (#crm); may be repeated")
    parser.add_argument("--person", action="append", help="a person (tanaka, sato); may be repeated")
    wanted = parser.parse_args()
    slack = SlackServer(port=wanted.port)
    with slack:
        for channel in wanted.channel or ["#crm"]:
            slack.channel(channel)
        for person in wanted.person or ["tanaka", "sato"]:
            slack.person(person)
        print(f"page         {slack.url}/")
        print("config.toml  [slack]")
        print(f'             api_url = "{slack.api_url}"')
        print(f"environment  SLACK_BOT_TOKEN={slack.bot_token} SLACK_APP_TOKEN={slack.app_token}")
        for person in slack.people:
            print(f"person       {person.id} {person.name}")
        print(f"serving for {wanted.minutes:g} minutes, Ctrl-C ends it", flush=True)
        until = time.monotonic() + wanted.minutes * 60
        shown = 0
        try:
            while time.monotonic() < until:
                time.sleep(0.5)
                for mistake in slack.mistakes[shown:]:
                    print(f"Slack would not take: {mistake}", flush=True)
                shown = len(slack.mistakes)
        except KeyboardInterrupt:
            print("ended")
        slack.mistakes.clear()  # they have been told


if __name__ == "__main__":
    main()
