"""What people can ask and decide, whatever they speak through: `look` reads, `decide` records a person's word, `flow` moves data.

Every function takes an `Installation` and gives back the document that `--json` shows (product.md); `bot.views` turns it into text.
"""
