"""Self-contained HTML pages: no network, readable on paper, in the dark, without colours, with a keyboard."""
