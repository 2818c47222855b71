"""A local Slack: Web API, Socket Mode and the people of a workspace, for tests and trials.

What the app sends is held against Slack's documented limits; what it is told of, and when it acknowledged, is kept.
"""

from slack_server.person import Person, Place, Refused, says
from slack_server.reading import labels, words
from slack_server.server import SlackServer
from slack_server.sockets import Delivery
from slack_server.workspace import Message, View

__all__ = ["Delivery", "Message", "Person", "Place", "Refused", "SlackServer", "View", "labels", "says", "words"]
