"""Mutants and twins: programs made of others by edits on their text. A mutant behaves otherwise, a twin the same, and
both are proved by running. They keep family and split of the program that they were made from."""

from ewm.sources.mutate.departure import Departure, first_departure
from ewm.sources.mutate.mutants import Mutants
from ewm.sources.mutate.text import matching_lines
from ewm.sources.mutate.twins import Twins

__all__ = ["Departure", "Mutants", "Twins", "first_departure", "matching_lines"]
