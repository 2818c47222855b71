"""What comes in: the workbook (cells to a checked, typed journey version) and what teams upload (files to facts).

Sources of a workbook implement `source.WorkbookSource`; parsing and checking are pure. Nothing here sends anything.
"""
