"""Job files for the tests of their reading."""

MINIMAL = """
[source]
topic = "points"
[source.kafka]
bootstrap.servers = "localhost:9092"
[schema]
x = "float"
n = "int"
y = "float"
s = "str"
[regression]
target = "y"
features = ["x", "n"]
[output]
regression = "out.csv"
"""
