"""Program -> Trace, safely: the schema, the runner, and what runs inside the child."""

from ewm.tracing.edits import Edited, EditError
from ewm.tracing.events import Event, Trace
from ewm.tracing.runner import IsolationError, Runner

__all__ = ["EditError", "Edited", "Event", "IsolationError", "Runner", "Trace"]
