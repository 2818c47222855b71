"""What goes out: render, gate, deliver, receipts; the channels; the few web pages that customers meet.

Rendering and gating are pure; channels are the edge. Nothing here reads a workbook or talks to the team.
"""
