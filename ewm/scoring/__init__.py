"""Comparing values, metrics of predicted traces, statistics, trivial baselines. Nothing here runs model text."""
