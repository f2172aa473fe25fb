"""What Maven fetches once, into caches outside the tree."""

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path


def fetch(target: Path, what: str, goal: Sequence[str], seconds: float, pom: str = "") -> None:
    """Lets a goal fill a folder beside its place and renames it: it is there whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="fetch-") as work:
        if pom:
            Path(work, "pom.xml").write_text(pom)
        made = Path(work, "made")
        maven = subprocess.run(
            ["mvn", "-B", "-q", *goal, f"-DoutputDirectory={made}"],
            cwd=work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )
        if maven.returncode != 0:
            raise RuntimeError(f"Maven could not fetch {what}:\n{maven.stdout}")
        try:
            made.rename(target)
        except OSError:
            # Another run was here first: its copy is as good as this.
            if not target.is_dir():
                raise
