"""The first and the last section: what was measured with, and how."""


def heading(result):
    about = result["about"]
    absent = f"\nLeft out, since not installed here: {', '.join(about['absent'])}." if about["absent"] else ""
    versions = [", ".join(f"{package} {version}" for package, version in about[source].items()) for source in ("packages", "npm")]
    return f"""# Figures

Written by `npm run bench` on {about["date"]}; do not edit. Data: {about["data"]}, {len(result["fields"])} fields, {sum(row["raw"] for row in result["fields"]):,} bytes.

{about["cpu"]}, {about["system"]}. {about["deepcomp"]}, {about["rustc"]}, Node {about["node"]}, Python {about["python"]}.
Peers and readers: {versions[0]}. In Node: {versions[1]}.{absent}"""


def method():
    return """## How it was measured

- Fields: GRIB messages (a file of one parameter at one level is one series) and NetCDF variables of at least two dimensions and 1,000 values, in physical units: floats in their own
  type, integers as float32, missing values as NaN. Variables of a GRIB file on at least five pressure levels are measured once more as arrays (level, row, column), as a NetCDF file
  would hold them: the data sets "…-levels". All codecs get the same arrays; DeepComp gets them as NPY files.
- A bound is relative to the range (largest − smallest) of each field, or absolute for fields in kelvin or degrees Celsius. Every array is decoded and compared here in float64,
  DeepComp's after `deepcomp extract`; where values are missing the very bits must come back.
- LERC keeps its own mask of missing values. The other peers with a bound cannot hold any: theirs are filled in three ways (relaxed smoothly from the edges, the value before, the mean)
  and the smallest result counts; EBCC, the slowest, gets the first. They do not store where the holes are, and DeepComp does: this favours them.
- SZ3 (its default settings), SPERR (pointwise error), ZFP (fixed accuracy) and fpzip get the smaller of plane by plane and all planes as one 3-D array; LERC gets the planes as bands,
  EBCC (base ratio 10) all planes. BitRound drops as many mantissa bits as the bound allows; bytes shuffled, zstd level 19.
- "quantise+" is integers of the step the bound allows, and 17 bytes for offset, step and type. JPEG XL (effort 9), JPEG-LS and JPEG 2000 (reversible) have plane by plane as grey
  pictures of 8 or 16 bits; pco (level 12) and zstd (shuffled, level 19) all at once. Nothing is counted for framing planes, which favours the peers.
- OpenZL (graphs and levels), gridpack (modes and ends) and blosc2 (filters) offer many ways each, of which the smallest counts (`bench/peers/numeric.py`).
- The classics: order-0 Huffman is zlib's Huffman-only mode, LZ77 is LZ4's high-compression mode, LZ78 is LZW as in TIFF, all on the bytes of the values.
- DeepComp's size is `archive_bytes` of the variable: everything its values need, as for the peers, but not the archive's index (name, shape, attributes, checksums, certificate).
  "With index" adds the rest of the archive of the whole data set, shared equally.
- Speed: DeepComp has the fields in one archive; encode is `encode_seconds` of `compress --json`, decode the wall time of the whole `deepcomp test`, start and reading included. Native
  peers are called in memory from Python; so are the WASM wheels (numcodecs-wasm, wasmtime), each in its own process, with planes or volumes as the native codec. WASM in Node: our npm
  package, each field its own archive, in the seconds the package reports; zstd without quantising; JPEG XL (effort 7) takes 8 bits, so only the first bound; LERC's package only decodes.
- Results of the peers but for speeds are kept in the user's cache folder under a hash of values, bound, version and wrapper, and sizes with the networks of the ablation under one of
  values, bound, network and tool; `DEEPCOMP_BENCH_FRESH=1` measures them anew."""
