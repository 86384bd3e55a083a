"""Program -> Trace, safely: the schema, the runner, and what runs inside the child."""

from ewm.tracing.events import Event, Trace
from ewm.tracing.runner import IsolationError, Runner

__all__ = ["Event", "IsolationError", "Runner", "Trace"]
