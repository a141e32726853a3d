"""The benchmarks of the hot path: every ratio that the design promises, taken in interleaved pairs."""
