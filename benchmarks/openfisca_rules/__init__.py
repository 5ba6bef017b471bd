"""Ten rule files written once more for OpenFisca, as a country package of our own; a peer of the benchmark, nothing else.

OpenFisca is under the AGPL: it is installed in an environment of its own and run as a process (`run.py`), never imported
by qifu nor named in our requirements. `benchmarks/openfisca_peer.py` makes the environment and runs it.

OpenFisca has two truth values and a default for whatever is missing (0, no). Its whole numbers have 32 bits; the
variables here are widened to 64, so that money in fen and comparisons of shares by cross-multiplication are exact.
"""
