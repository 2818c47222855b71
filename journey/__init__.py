"""The core: what a journey is, who stands where on it, and who should get what, when.

Here live the typed workbook (`model`), the condition language (`conditions`), facts and features (`facts`, `features`),
stages (`stages`), campaigns (`triggers`, `plan`, `approvals`), the delivery ledger and the state store (`store`), and reports.

What may not live here: anything that knows a spreadsheet, a mail server, a chat or a web page. `sheets_sync` and `messaging`
import this package, `bot` imports all three, and nothing here imports any of them.
"""
