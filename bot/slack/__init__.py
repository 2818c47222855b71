"""The bot in Slack. Loaded only where `[slack] mode` is not "off"."""
