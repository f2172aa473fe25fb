"""The broker of deploy/compose.yaml starts by its variables, as the image makes settings of them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import yaml
from confluent_kafka.admin import AdminClient

from tests.support.kafka.listeners import HOST, free_ports
from tests.support.kafka.node import KafkaNode
from tests.support.kafka.topics import answers, cluster_id, create_topic
from tests.support.process import ROOT, wait_until

SECONDS: Final = 90.0


def test_a_topic_is_there_after_the_next_start(tmp_path: Path) -> None:
    """What the broker is told goes to the folder that the compose file has a volume at."""
    compose = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text(encoding="utf-8"))
    service = compose["services"]["broker"]
    (volume,) = service["volumes"]
    ports = free_ports(2)
    changed = {
        volume.partition(":")[2]: str(tmp_path / "volume"),
        ":9092": f":{ports[0]}",
        ":9093": f":{ports[1]}",
        "broker:": f"{HOST}:",  # a name that only compose resolves
    }
    lines = []
    for name, value in service["environment"].items():
        for wanted, put in changed.items():
            value = value.replace(wanted, put)
        lines.append(f"{name.removeprefix('KAFKA_').lower().replace('_', '.')}={value}\n")
    properties = tmp_path / "server.properties"
    properties.write_text("".join(lines), encoding="utf-8")
    settings = {"bootstrap.servers": f"{HOST}:{ports[0]}"}
    admin = AdminClient({**settings})
    node = KafkaNode(properties, tmp_path / "server.log")
    node.format(cluster_id())
    try:
        for start in range(2):
            node.launch()
            wait_until(lambda: answers(admin), SECONDS, node.log_tail)
            if not start:
                create_topic(settings, "kept")
            assert "kept" in admin.list_topics(timeout=SECONDS).topics
            wait_until((tmp_path / "volume/kept-0").is_dir, SECONDS)
            node.stop()
    finally:
        node.kill()
