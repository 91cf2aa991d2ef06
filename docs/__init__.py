"""The site: its pages, and what is generated for them."""
