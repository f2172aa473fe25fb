"""constraints.txt says which versions there are, and nothing else; pyproject.toml which may be."""

import re

from tests import versions

PINNED = dict(
    line.split("==")
    for line in versions.LOCK.read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
)


def named() -> set[str]:
    """What pyproject.toml names of what tests and lint use."""
    project = versions.project()
    groups = project["dependency-groups"]
    extras = project["project"]["optional-dependencies"]
    parts = [project["project"]["dependencies"], *(extras[name] for name in versions.EXTRAS)]
    parts += [groups[name] for name in ("dev", "test", "beside", "docs", "release")]
    texts = [one for part in parts for one in part if isinstance(one, str)]
    return {re.split(r"[^\w-]", text)[0] for text in texts}


def test_the_lock_is_complete() -> None:
    """Whatever is named has one version, written without an address."""
    assert named() <= PINNED.keys()
    assert all(re.fullmatch(r"[\w.]+", version) for version in PINNED.values())


def test_each_lower_bound_is_tried() -> None:
    """The lowest versions are those of pyproject.toml, and below those of the lock; the tools are those of the lock."""
    lowest = dict(line.split("==") for line in versions.lowest())
    newest = dict(line.split("==") for line in versions.newest())
    assert {"cloudpickle", "confluent-kafka", "numpy", *newest} < lowest.keys()
    for name, version in lowest.items():
        assert numbers(version) <= numbers(PINNED[name])
    assert newest == {name: PINNED[name] for name in newest}


def numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
