"""The domain: accounts, care links, sessions, entries and what is shared of them."""
