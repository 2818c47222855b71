"""Ready-made workbooks for `tabiji init`: the words are TOML files here, the Python only lays them out.

    shared/LANG/   what every template has: column labels and their notes, settings, holidays, the guide
    NAME/LANG/     one template: journey, messages, campaigns, segments, fields, tests

To change a sentence of a template, edit its TOML file. To add a template, add a folder with the same file names in both
languages; the tests hold that the two say the same thing.
"""
