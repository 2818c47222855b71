"""The small languages of single cells: each module turns one kind of text into a value or says what would be right."""
