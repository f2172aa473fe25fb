"""Bench: streamreg beside the bare client and its peers, on the same topics in the same run.

`streamreg bench` and the programs in `benches/` run what is here. The flow: a broker (`broker`), topics with a result
that is known exactly (`points`), contenders (`contender`, their programs in `jobs`), and one module for each question:
`throughput` (with memory), `latency`, `startup`. `tables` prints what they found. Nothing of it is imported by a run.
"""
