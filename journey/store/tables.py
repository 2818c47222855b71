"""The tables of the state store. A change here needs a migration in `migrations/versions` (a test compares the two)."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware moment, kept as UTC. A naive one is refused: it would mean another moment on another machine."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime is not a moment")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_ID = BigInteger().with_variant(Integer, "sqlite")

# Single values: `store_time` (newest `now` that wrote), `epoch`, `facts_generation`, `last_sync` (JSON of the last attempt).
meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", JSON, nullable=False))

# Each version of the workbook that was in force, whole: `rows` is what was typed ({tab: {id: {column: text}}}), `model` the
# typed meaning (journey.model.dump), `changes` the difference to the version before, `drafts` the campaigns that were not
# complete ({id: name}), `renamed` the ids that a person said are old things under a new name (journey.versions.Renames). `by` brought
# it into force; `edited_by` are those who edited the workbook since the version before, as far as its source tells, `edited_at` when
# they did last; `restored` is the earlier version that was brought back whole by it.
versions = Table(
    "versions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("applied_at", Instant, nullable=False),
    Column("source_hash", String, nullable=False),
    Column("rows", JSON, nullable=False),
    Column("model", Text, nullable=False),
    Column("changes", JSON, nullable=False),
    Column("drafts", JSON, nullable=False),
    Column("renamed", JSON),
    Column("by", String),
    Column("edited_by", JSON),
    Column("edited_at", Instant),
    Column("restored", Integer),
)

# A decision, append-only; the newest of a subject is the one in force. `subject` is `campaign:ID` or `settings`.
# `content` is what was approved, typed (journey.model.dump of the Campaign, and of its MessageVariants), so it can run on.
approvals = Table(
    "approvals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subject", String, nullable=False, index=True),
    Column("decision", String, nullable=False),  # approved | rejected
    Column("content_hash", String, nullable=False),
    Column("audience_hash", String, nullable=False),
    Column("content", JSON),
    Column("estimate", Integer),
    Column("by", String, nullable=False),
    Column("reason", String),
    Column("at", Instant, nullable=False),
)

# What people did to a campaign beside approving it; a row exists from its first decision on.
campaign_state = Table(
    "campaign_state",
    metadata,
    Column("campaign_id", String, primary_key=True),
    Column("in_force_at", Instant),  # first approval: entries caused before it never count
    Column("paused", Boolean, nullable=False, default=False),
    Column("paused_by", String),
    Column("paused_at", Instant),
    Column("idle_at", Instant),  # last known not to run: recurrences due up to then are not made up
    Column("stopped", Boolean, nullable=False, default=False),  # an × read from a workbook that was otherwise refused
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("who", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("detail", JSON),
)

# The manifest: a segment counts for generation g when added <= g and (removed is null or removed > g).
segments = Table(
    "segments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("file", String, nullable=False, unique=True),
    Column("rows", BigInteger, nullable=False),
    Column("added", Integer, nullable=False),
    Column("removed", Integer),
    Column("created_at", Instant, nullable=False),
    Column("removed_at", Instant),
    Index("ix_segments_kind_removed", "kind", "removed"),
)

uploads = Table(
    "uploads",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("file", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("generation", Integer),
    Column("result", JSON, nullable=False),
)

# Consent as it stands, by customer and channel. `no_at` is the newest no; `yes_*` the newest yes and where it came from.
consents = Table(
    "consents",
    metadata,
    Column("customer_id", String, primary_key=True),
    Column("channel", String, primary_key=True),
    Column("granted", Boolean, nullable=False),
    Column("no_at", Instant),
    Column("no_source", String),
    Column("yes_at", Instant),
    Column("yes_source", String),
    Column("yes_text", Text),
)

# Proof of consent, append-only: every statement that changed or could have changed it.
consent_log = Table(
    "consent_log",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("customer_id", String, nullable=False, index=True),
    Column("channel", String, nullable=False),
    Column("status", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Column("timed", Boolean, nullable=False),  # the statement brought its own time
    Column("source", String),
    Column("text", Text),
    Column("recorded_at", Instant, nullable=False),
)

# Addresses that must get nothing (bounce, complaint, erased), as a keyed hash.
suppressions = Table(
    "suppressions",
    metadata,
    Column("address_key", String, primary_key=True),
    Column("channel", String, primary_key=True),
    Column("reason", String, nullable=False),
    Column("at", Instant, nullable=False),
)

# Customer attributes that files brought and no one listed in the Fields tab: kept as text, typed when read.
attributes = Table(
    "attributes",
    metadata,
    Column("key", String, primary_key=True),  # journey.names.fold of the header; the column's name in the facts
    Column("label", String, nullable=False),  # the header as it was typed
    Column("type", String, nullable=False),  # text | number | date | yes_no, guessed from the values
)

# Each placing of all customers: what it read (facts generation, version), when, and how long it took.
stage_runs = Table(
    "stage_runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("version_id", Integer),
    Column("generation", Integer, nullable=False),
    Column("map_hash", String, nullable=False),
    Column("customers", BigInteger, nullable=False),
    Column("moved", BigInteger, nullable=False),
    Column("counts", JSON, nullable=False),  # {journey: {stage or "": customers}}
)

# Since when a journey is in force (its first placement), for `first` against `data`.
journeys_in_force = Table(
    "journeys_in_force",
    metadata,
    Column("journey_id", String, primary_key=True),
    Column("since", Instant, nullable=False),
)

# One frozen occurrence of a recurring or one-time campaign, or one planning of entries.
occurrences = Table(
    "occurrences",
    metadata,
    Column("campaign_id", String, primary_key=True),
    Column("occurrence", String, primary_key=True),
    Column("due_at", Instant, nullable=False),
    Column("frozen_at", Instant, nullable=False),
    Column("audience", Integer, nullable=False),
    Column("hold", String),  # bulk | late_start until a person decides; dropped when they said no
    Column("decided_by", String),
    Column("decided_at", Instant),
)

# The ledger (delivery.md): one row a planned delivery.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("campaign_id", String, nullable=False),
    Column("customer_id", String, nullable=False),
    Column("step", String, nullable=False),
    Column("occurrence", String, nullable=False),
    Column("generation", Integer, nullable=False, default=0),
    Column("kind", String, nullable=False),  # promotional | transactional
    Column("priority", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", String),
    Column("detail", JSON),
    Column("released_by", String),  # a person said yes to this held, late or doubtful one
    Column("planned_at", Instant, nullable=False),
    Column("first_due_at", Instant, nullable=False),  # late is counted from here
    Column("due_at", Instant, nullable=False),
    Column("deferrals", Integer, nullable=False, default=0),
    # fixed at hand-over
    Column("content_hash", String),
    Column("message_id", String),
    Column("variant", String),
    Column("language", String),
    Column("channel", String),
    Column("address_key", String),
    Column("local_day", String),
    Column("header_id", String),  # Message-ID, fixed with the row
    Column("payload_hash", String),
    Column("attempt_id", String),
    Column("attempts", Integer, nullable=False, default=0),
    Column("epoch", Integer),
    Column("leased_at", Instant),
    Column("handed_over_at", Instant),
    Column("sent_at", Instant),
    Column("provider_id", String),
    UniqueConstraint("campaign_id", "customer_id", "step", "occurrence", "generation"),
    # the order in which a sender claims: the search reads as many rows as it takes
    Index("ix_deliveries_state_priority_due_at_id", "state", "priority", "due_at", "id"),
    # what `bulk_limit` counts of a day, without reading the rows
    Index("ix_deliveries_campaign_id_local_day_state", "campaign_id", "local_day", "state", "released_by"),
    Index("ix_deliveries_customer_id_handed_over_at", "customer_id", "handed_over_at"),
    Index("ix_deliveries_campaign_id_state", "campaign_id", "state"),
    Index("uq_deliveries_attempt_id", "attempt_id", unique=True),
    # keeps two customer rows with one address from getting two (NULLs never collide)
    Index(
        "uq_deliveries_address_day",
        "campaign_id",
        "step",
        "channel",
        "address_key",
        "local_day",
        "generation",
        unique=True,
    ),
)

# What was handed over on a channel that repeats a delivery in doubt, so that a repeat is byte for byte the same. Kept until the
# answer is known, and no longer: it holds an address and a message.
parcels = Table(
    "parcels",
    metadata,
    Column("delivery_id", _ID, primary_key=True, autoincrement=False),
    Column("address", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("sender", String, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("facts", JSON, nullable=False),
)

# Each decision about a delivery, in order: the trail behind `why`.
delivery_log = Table(
    "delivery_log",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("delivery_id", _ID, nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", String),
    Column("detail", JSON),
)

# What came from the chat and was taken up, each once: a press, a command, an event, and each button that has decided something.
chat_seen = Table(
    "chat_seen",
    metadata,
    Column("key", String, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
)

# The messages that the program keeps up to date in the chat, one a topic (`campaign:C01`, `held:C01:bulk` …). `ts` is None while a
# post is under way, `state` a hash of what it shows, `detail` what its writer needs to go on after a restart.
chat_posts = Table(
    "chat_posts",
    metadata,
    Column("topic", String, primary_key=True),
    Column("channel", String, nullable=False),
    Column("ts", String),
    Column("state", String, nullable=False),
    Column("posted_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("reminded_at", Instant),
    Column("detail", JSON),
)
