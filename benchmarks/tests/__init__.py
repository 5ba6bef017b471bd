"""Tests of the benchmarks themselves: a measure that is wrong is worse than none."""
