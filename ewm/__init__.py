"""EWM, an execution world model: language models that predict what Python programs do when they run."""

__version__ = "0.1.0"
