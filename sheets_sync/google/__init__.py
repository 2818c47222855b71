"""The Google Sheet as a source: a connection, what is read from it, and what the program writes into it.

`client` alone speaks to Google; `reading`, `writing` and `filling` are pure: JSON in, cells or requests out. `source` puts
them together. Imported only where the config names a Google Sheet.
"""
