"""Run every benchmark that has no result of this very code yet: `make bench`.

A benchmark that was stopped goes on where it stopped; `--again` measures all anew.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.common import RESULTS
from benchmarks.parts import code, forget


def main() -> None:
    """Run them one after the other, so that none disturbs another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--again", action="store_true", help="measure all anew")
    again = parser.parse_args().again
    for script in sorted(Path(__file__).parent.glob("bench_*.py")):
        name = script.stem.removeprefix("bench_")
        if again:
            forget(name)
        elif measured(RESULTS / f"{name}.json"):
            print(f"{name}: measured already, of this very code")
            continue
        begun = time.monotonic()
        subprocess.run([sys.executable, str(script)], check=True)
        print(f"{name}: took {time.monotonic() - begun:.0f} s", flush=True)


def measured(result: Path) -> bool:
    """Tell whether a result is of the code as it is."""
    return result.exists() and json.loads(result.read_text())["raw"].get("code") == code()


if __name__ == "__main__":
    main()
