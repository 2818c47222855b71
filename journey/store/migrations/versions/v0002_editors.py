"""Versions know who edited the workbook, when, and which earlier version they brought back."""

import sqlalchemy as sa
from alembic import op

from journey.store.tables import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("versions", sa.Column("edited_by", sa.JSON(), nullable=True))
    op.add_column("versions", sa.Column("edited_at", Instant(), nullable=True))
    op.add_column("versions", sa.Column("restored", sa.Integer(), nullable=True))
    # What came of the last look at the workbook is told in other words now; without it the workbook is looked at once more.
    op.execute("DELETE FROM meta WHERE key = 'last_sync'")
