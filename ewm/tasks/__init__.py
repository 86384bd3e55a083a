"""What a model is asked: trace (every step of a run), output (the result of a call), reason (both)."""

from ewm.tasks.prompts import NAMES, applies, messages, numbered

__all__ = ["NAMES", "applies", "messages", "numbered"]
