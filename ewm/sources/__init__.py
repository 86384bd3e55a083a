"""Collections of programs as config names them. A source is a class with `.programs(seed, split)`: untraced candidates
in a deterministic order, endless or not."""

from ewm.sources.grammar import Grammar
from ewm.sources.mine import Mine
from ewm.sources.mix import Source, interleave

__all__ = ["Grammar", "Mine", "Source", "interleave"]
