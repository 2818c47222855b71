"""The Home tab, made for who opens it at that moment."""

from __future__ import annotations

from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from bot.desk.home import home as document_of
from bot.slack import blocks
from bot.slack.client import trouble
from bot.slack.heard import Heard
from bot.slack.home import home
from bot.slack.notices import Notices
from bot.slack.people import Person
from bot.slack.presses import showing
from bot.slack.roles import Roles
from bot.wiring import Installation
from journey.texts import text


class Homes:
    """Publishes Home tabs."""

    def __init__(self, installation: Installation, client: WebClient, roles: Roles, notices: Notices) -> None:
        self._installation, self._client, self._roles, self._notices = installation, client, roles, notices

    def opened(self, heard: Heard, person: Person) -> None:
        """Shows somebody their Home as things stand now. Raises OutsideError where Slack does not take it."""
        office = self._installation
        role = self._roles.of(person, fresh=False)
        presses, command = showing(office.secret, office.now), office.config.slack.command
        if role == "none":
            view = blocks.home([blocks.section(text("slack.home_no_role").say(office.lang))])
        else:
            links = self._notices.links()
            view = home(document_of(office), presses, office.lang, role, links=links, command=command)
        try:
            self._client.views_publish(user_id=heard.user, view=view)
        except (SlackClientError, OSError) as error:
            raise trouble(error) from error
