"""Apache Kafka's jars, fetched once by Maven into a cache outside the tree."""

import os
import shutil
from pathlib import Path

from tests.support.maven import fetch

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
        goal = [_COPY, "-DincludeScope=runtime"]
        fetch(cache(), f"Kafka {KAFKA_VERSION}", goal, 240, _POM)
    return str(cache() / "*")
