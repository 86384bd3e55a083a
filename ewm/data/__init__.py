"""Programs + tasks -> examples, cached by content, with a manifest; benchmark loaders; the pretraining stream."""

from ewm.data.dataset import DataSet, build
from ewm.data.endless import endless
from ewm.data.example import Example

__all__ = ["DataSet", "Example", "build", "endless"]
