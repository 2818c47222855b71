"""Files that teams hand in: from a file to columns, to values, to facts (uploads.md)."""
