"""doctor's look at the sender's domain, against a name server on this machine that speaks DNS over UDP."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.message
import dns.rcode
import dns.resolver
import dns.rrset

from bot.mail_dns import sender_records

Zone = dict[str, list[str]]


@contextmanager
def name_server(zone: Zone, answers: bool = True) -> Iterator[dns.resolver.Resolver]:
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    server.settimeout(10)

    def serve() -> None:
        while True:
            try:
                packet, sender = server.recvfrom(4096)
            except OSError:
                return
            if packet == b"stop":
                return
            if not answers:
                continue
            query = dns.message.from_wire(packet)
            reply = dns.message.make_response(query)
            name = query.question[0].name.to_text().rstrip(".")
            if name not in zone:
                reply.set_rcode(dns.rcode.NXDOMAIN)
            elif zone[name]:
                reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "TXT", *(f'"{t}"' for t in zone[name])))
            server.sendto(reply.to_wire(), sender)

    thread = threading.Thread(target=serve)
    thread.start()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = server.getsockname()[1]
    resolver.timeout = 0.2
    try:
        yield resolver
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as goodbye:
            goodbye.sendto(b"stop", server.getsockname())
        thread.join()
        server.close()


def states(zone: Zone) -> list[tuple[str, str]]:
    with name_server(zone) as resolver:
        return [(f.state, f.said.key) for f in sender_records("shop@example.jp", resolver)]


def test_a_domain_in_order() -> None:
    zone = {
        "example.jp": ["google-site-verification=x", "v=spf1 include:relay.example ~all"],
        "_dmarc.example.jp": ["v=DMARC1; p=none"],
    }
    assert states(zone) == [("good", "doctor.spf_good"), ("good", "doctor.dmarc_good"), ("note", "doctor.dkim")]


def test_what_is_missing_is_named() -> None:
    assert states({"example.jp": ["hello"]})[:2] == [("bad", "doctor.spf_missing"), ("bad", "doctor.dmarc_missing")]
    assert states({"example.jp": [], "_dmarc.example.jp": []})[:2] == [
        ("bad", "doctor.spf_missing"),
        ("bad", "doctor.dmarc_missing"),
    ]


def test_two_records_are_as_good_as_none() -> None:
    assert states({"example.jp": ["v=spf1 a ~all", "v=spf1 mx ~all"]})[0] == ("bad", "doctor.dns_twice")


def test_a_silent_name_server_says_nothing_about_the_domain() -> None:
    with name_server({}, answers=False) as resolver:
        assert [f.state for f in sender_records("shop@example.jp", resolver, seconds=0.3)] == ["note", "note", "note"]
