"""Apache Kafka's jars, fetched once by Maven into a cache outside the tree."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

KAFKA_VERSION = "4.1.0"

# slf4j-simple: without a binding Kafka logs nothing, and a failure could not be told from its log.
_POM = f"""\
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>streamreg.tests</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>{KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
"""
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


def cache() -> Path:
    """The folder of the jars, whether they are there yet or not."""
    root = os.environ.get("STREAMREG_TEST_CACHE")
    base = Path(root) if root else Path.home() / ".cache" / "streamreg-tests"
    return base / f"kafka-{KAFKA_VERSION}"


def missing_tools() -> list[str]:
    """The programs that a broker needs and that this machine lacks."""
    wanted = ["java", "keytool"] if cache().is_dir() else ["java", "keytool", "mvn"]
    return [tool for tool in wanted if shutil.which(tool) is None]


def classpath() -> str:
    """Java's class path with the jars on it, fetched if they are not there."""
    if not cache().is_dir():
        _fetch(cache())
    return str(cache() / "*")


def _fetch(target: Path) -> None:
    """Builds the folder beside its place and renames it: it is there whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="fetch-") as work:
        Path(work, "pom.xml").write_text(_POM)
        maven = subprocess.run(
            ["mvn", "-B", "-q", _COPY, "-DincludeScope=runtime", "-DoutputDirectory=libs"],
            cwd=work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
            check=False,
        )
        if maven.returncode != 0:
            raise RuntimeError(f"Maven could not fetch Kafka {KAFKA_VERSION}:\n{maven.stdout}")
        try:
            Path(work, "libs").rename(target)
        except OSError:
            # Another run was here first: its jars are as good as these.
            if not target.is_dir():
                raise
