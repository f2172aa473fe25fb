"""Ground: counts in messages: `1 row`, `2 rows`."""


def plural(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun: `1 row`, `2 rows`, `3,000 rows`.

    `many` is for a noun whose plural is not `one` with an s: `plural(2, "class", "classes")`.
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"
