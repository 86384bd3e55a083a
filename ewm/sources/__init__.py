"""Collections of programs as config names them. A source is a class with `.programs(seed, split)`: untraced candidates
in a deterministic order, endless or not; and `.fingerprint()`: what they depend on beside seed and config."""

from ewm.sources.codeio import CodeIO
from ewm.sources.corpus import Corpus
from ewm.sources.grammar import Grammar
from ewm.sources.hub import Hub
from ewm.sources.mine import Mine
from ewm.sources.mix import Source
from ewm.sources.mutate import Mutants, Twins
from ewm.sources.selfgen import SelfGenerated

__all__ = ["CodeIO", "Corpus", "Grammar", "Hub", "Mine", "Mutants", "SelfGenerated", "Source", "Twins"]
