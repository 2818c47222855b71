"""Tabs to values of `journey.model`: a module a tab. Each puts what it cannot read on its cell and leaves the row out."""
