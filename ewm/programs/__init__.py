"""Programs as data: identity, family and split, the seeded grammar. Nothing here runs a program."""

from ewm.programs.program import SALT, Program, Split, split_of

__all__ = ["SALT", "Program", "Split", "split_of"]
