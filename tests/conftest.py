"""Hypothesis finds the same examples in every run, and no clock decides over a test."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],  # on a busy machine that is a matter of luck
)
settings.load_profile("ci")
