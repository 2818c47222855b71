"""The state store: everything that must survive, in SQL through SQLAlchemy Core (SQLite by default, PostgreSQL later).

`tables` names what is kept, `engine` opens it safely, `migrations` builds it. One transaction a use case; facts themselves are
Parquet segments (`journey.facts`), but the manifest that says which segments count is a table here, so both commit together.
"""
