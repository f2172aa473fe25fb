"""A line for each sensor in a table of PostgreSQL: as it stands, and every change of it.

python examples/postgres_table.py

The environment says where the database is, by libpq's variables: PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE.
Needs: pip install 'streamreg[postgres]'
"""

import tempfile
from pathlib import Path

import psycopg

import streamreg as sr
from streamreg import testing


class Reading(sr.Schema):
    """What a message holds; with Kafka the table would come from `sr.io.kafka.read`."""

    sensor: str
    x: float
    y: float


lines = [f"s{i % 3},{i},{i * (i % 3 + 1) + 7}".encode() for i in range(300)]
t = testing.read([lines], schema=Reading, header=["sensor", "x", "y"], batch=50)
fit = t.linear_regression(t.y, t.x, by=t.sensor)
sr.io.postgres.write(fit, "", table="lines", mode="current")
sr.io.postgres.write(fit, "", table="line_changes")  # mode="changelog"

stands = testing.collect(fit)

# A state belongs to its tables: without one no other run goes on with them.
sr.run(state=Path(tempfile.mkdtemp()) / "lines.state", processes=0)

with psycopg.connect("") as database:
    rows = database.execute("SELECT sensor, intercept, x FROM lines ORDER BY sensor").fetchall()
    summed = "SELECT sensor, sum(intercept * diff), sum(x * diff) FROM line_changes GROUP BY sensor ORDER BY sensor"
    changes = database.execute(summed).fetchall()
    database.execute("DROP TABLE lines, line_changes, streamreg_epochs")
for sensor, intercept, slope in rows:
    print(f"{sensor}: y = {intercept} + {slope} x")
print("its changes come to the same table:", changes == rows)
print("bit for bit what the run has come to:", rows == sorted(row for row, _, _ in stands[-3:]))
