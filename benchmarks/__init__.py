"""How fast, how large, how even: `python -m benchmarks`. README.md says how to read it."""
