"""Programs that a model writes: how it is asked, what is taken from its text, which of it is kept, and the source."""

from ewm.sources.selfgen.source import SelfGenerated

__all__ = ["SelfGenerated"]
