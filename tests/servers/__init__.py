"""Local counterparts for tests: servers that answer what a script tells them to, and keep what they got."""
