"""The few pages that customers meet: unsubscribing. Opening a page changes nothing; pressing its button does."""
