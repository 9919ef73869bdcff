"""Writes the pages of docs/bench again whose whole result is kept there as JSON, without measuring anything. Run by `npm run bench -- report`."""

import json
from pathlib import Path

from report import claim_pages

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "bench"


def main():
    kept = json.loads((FOLDER / "claims.json").read_text())
    for name, text in claim_pages.write(claim_pages.read(kept)).items():
        (FOLDER / name).write_text(text)
        print(f"bench: {name}")


if __name__ == "__main__":
    main()
