"""A local Google: Sheets v4, Drive v3 and the token endpoint over HTTP, for tests and trials.

Stateful and honest: requests and answers are held against Google's public discovery documents; `SheetsServer` has quotas, faults and
everything it saw; a `Book` has a person who types, sorts, inserts and deletes.
"""

from sheets_server.book import Book
from sheets_server.person import Refused, Tab
from sheets_server.seen import Fault, Kind, Seen
from sheets_server.server import SheetsServer

__all__ = ["Book", "Fault", "Kind", "Refused", "Seen", "SheetsServer", "Tab"]
