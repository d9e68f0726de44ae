"""The log of what was answered and of what came true: segments, closed into Parquet."""
