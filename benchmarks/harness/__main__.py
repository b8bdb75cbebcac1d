"""Make the environments of all peers, or of those named: ``python -m benchmarks.harness [NAME ...]``."""

import sys

from .environments import SideError, environment, names


def main() -> int:
    failures = 0
    for name in sys.argv[1:] or names():
        try:
            print(f"{name}: {environment(name)}")
        except SideError as reason:
            print(f"{name}: {reason}", file=sys.stderr)
            failures += 1
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
