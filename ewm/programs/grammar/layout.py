"""How tables of templates are laid out as text."""

from __future__ import annotations


def lines(text: str) -> list[str]:
    """A template a line."""
    return text.strip().split("\n")


def paragraphs(text: str) -> list[str]:
    """Templates with empty lines between them."""
    return text.strip().split("\n\n")
