"""Comparing values, metrics of predicted traces, statistics and trivial baselines. No torch, and nothing runs model text."""
