from __future__ import annotations

from types import ModuleType

import actors.provider


def test_all_names_what_the_package_exports() -> None:
    members = {
        name
        for name, member in vars(actors.provider).items()
        if not name.startswith("_") and not isinstance(member, ModuleType)
    }
    assert members == set(actors.provider.__all__)
