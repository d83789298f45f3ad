"""How dates are written, by language: days before months, hours by 24 (`pages.md`)."""
