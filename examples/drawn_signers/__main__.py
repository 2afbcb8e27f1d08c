"""Draw the demo's clips: `cd examples && python -m drawn_signers FOLDER`."""

import argparse
from pathlib import Path

from drawn_signers.clips import generate


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m drawn_signers", description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write the clips and labels.csv")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other variations")
    parser.add_argument("--repetitions", type=int, default=2, help="clips per signer and gesture")
    arguments = parser.parse_args()
    made = generate(arguments.folder, arguments.seed, repetitions=arguments.repetitions)
    print(f"{len(made)} clips in {arguments.folder}")


if __name__ == "__main__":
    main()
