"""Writes the pages of docs/bench again whose whole result is kept there as JSON, without measuring anything. Run by `npm run bench -- report`."""

import json
from pathlib import Path

from report import claim_pages, front_pages, lossless_pages, truth_pages

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "bench"


def main():
    for kept, pages in (("claims.json", claim_pages), ("truth.json", truth_pages), ("lossless.json", lossless_pages), ("front.json", front_pages)):
        result = pages.read(json.loads((FOLDER / kept).read_text()))
        for name, text in pages.write(result).items():
            (FOLDER / name).write_text(text)
            print(f"bench: {name}")


if __name__ == "__main__":
    main()
