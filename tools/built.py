"""`make built` and part of `make lint-template`: SAM with the environment of the emulator, quiet unless it fails.

built.py            compile for this machine and run sam build
built.py validate   run sam validate --lint
"""

from __future__ import annotations

import sys

from stack import StackError, build, build_environment, run
from terminal import Step, red


def main() -> int:
    """Runs one of the two."""
    try:
        if sys.argv[1:] == ["validate"]:
            with Step("sam validate --lint"):
                run(["sam", "validate", "--lint", "--template", "template.yaml"], build_environment())
        else:
            with Step("sam build") as step:
                build(build_environment(), lambda line: setattr(step, "doing", line.strip()[:40]))
    except StackError as error:
        print(red(f"\nfailed: {error}"), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
