"""Sections on speed and memory."""

from report.markdown import percent, table
from report.rates import Rates
from speed import NATIVE, OURS


def speed(speeds):
    rates = Rates(speeds)
    rows = [
        [codec, where, bound, f"{rates.ratio(codec, where, bound):.2f}", *(cell(rates, codec, where, bound, verb) for verb in ("encode", "decode"))]
        for codec, where in rates.codecs for bound in rates.bounds if (codec, where, bound) in rates.rows
    ]  # fmt: skip
    stale = "" if not rates.wasm_is_stale else "\n\n**DeepComp's WASM archives differ in size from the native ones: the npm package was built from other sources (`npm run build`).**"
    return f"""## Speed

MB (10^6 bytes) of float32 a second on one thread, in brackets the same ÷ DeepComp's native speed. The largest float32 field of each data set
({", ".join(speeds["fields"])}), {speeds["bytes"]:,} bytes; the best of {speeds["rounds"]} interleaved rounds, or of fewer for what takes seconds.
DeepComp's native commands had {percent(rates.processor_share)} of a core: well below 100 % other work held the processor and the figures are too low.

![Compression ratio against encoding speed](encode.svg)

![Compression ratio against decoding speed](decode.svg)

{table(["codec", "where", "bound ÷ range", "ratio", "encode", "decode"], rows)}{stale}"""


def cell(rates, codec, where, bound, verb):
    rate = rates.of(codec, where, bound, verb)
    return f"{rate:.1f} ({rate / rates.of(OURS, NATIVE, bound, verb):.2f})" if rate else "–"


def memory(measured):
    if measured is None:
        return "## Memory\n\nNot measured: GNU time is not installed."
    rows = [[row["bound"], *(f"{row[verb]:,} ({row[verb] / measured['bytes']:.2f})" for verb in ("compress", "extract"))] for row in measured["rows"]]
    return f"""## Memory

Peak resident bytes of the command on {measured["field"]} ({measured["bytes"]:,} bytes) less those on four values, in brackets ÷ the field.

{table(["bound ÷ range", "`compress`", "`extract`"], rows)}"""
