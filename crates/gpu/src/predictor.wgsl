// One sample a thread: what it sees, the layers, attention. The definition is docs/format.md, sections "Neighbourhood" and "Network"; integers wrap and
// shifts are arithmetic, as there. Sums of products are kept in f32: below 2^23 they are exact, in whatever order.
//
// One kernel serves all networks: their sizes are read, not compiled in. Some compilers also take minutes over loops whose length they know.

// The number of groups; for each its request and its first sample; the requests; their grids. Offsets count words.
@group(0) @binding(0) var<storage, read_write> words: array<i32>;
// For each pass: phase, whether the scale adapts, tokens; how many vectors of inputs, pairs, references, pairs of a reference there are; for each of four
// layers where its rows begin, outputs, first and number of its input vectors, then where its outputs go and their range; offsets of pairs; the rows of the
// layers, for each output a vector of bias and shift, then the weights.
@group(0) @binding(1) var<storage, read_write> weights: array<vec4<f32>>;
// Of attention: weights by distance, from the last of which on they are 0; reciprocals.
@group(0) @binding(2) var<storage, read_write> tables: array<i32>;
// Two words a sample: correction; scale and exponent.
@group(0) @binding(3) var<storage, read_write> answers: array<i32>;

const PAIRS: u32 = 12u;
const SCALE_PAIRS: u32 = 8u;
const SHARED_PAIRS: u32 = 4u;
const REFERENCE_INPUTS: u32 = 8u;
const INPUT_LIMIT: i32 = 1023;
const DIRECT_LIMIT: i32 = 8191;
const FARTHEST: i32 = 320;
// Words of a request before those of its components, and before those of its references.
const COMPONENTS: u32 = 9u;
const REFERENCES: u32 = 25u;
// Vectors of a pass before its layers, and before its offsets.
const LAYERS: u32 = 2u;
const OFFSETS: u32 = 10u;
// What a thread keeps, four channels to a vector: inputs, the outputs of two layers, tokens, heads.
const TOKENS: u32 = 4u * 76u;
const HEADS: u32 = 4u * 97u;
var<private> channels: array<f32, 476>;

fn keep(channel: u32, value: f32) {
    channels[channel] = value;
}

fn kept(channel: u32) -> i32 {
    return i32(channels[channel]);
}

struct Look {
    sum: i32,
    difference: i32,
    found: i32,
}

// Divides by a power of two, as a product.
struct Scale {
    limit: i32,
    factor: i32,
    coarse: bool,
}

fn scale_of(exponent: i32) -> Scale {
    let coarse = exponent >= 14;
    let limit = select(DIRECT_LIMIT >> u32(max(-exponent, 0)), select(DIRECT_LIMIT << u32(clamp(exponent, 0, 18)), 2147483647, exponent > 18), exponent >= 0);
    return Scale(limit, i32(1u << u32(16 - exponent + select(0, 14, coarse))), coarse);
}

fn scaled(scale: Scale, value: i32) -> i32 {
    let limited = clamp(value, -scale.limit, scale.limit);
    return (select(limited, limited >> 14u, scale.coarse) * scale.factor + 32768) >> 16u;
}

fn magnitude(value: i32) -> u32 {
    let bits = bitcast<u32>(value);
    return select(bits, 0u - bits, value < 0);
}

fn saturating_sum(a: u32, b: u32) -> u32 {
    let sum = a + b;
    return select(sum, 4294967295u, sum < a);
}

// About sixteen times the binary logarithm.
fn logarithm(value: u32) -> i32 {
    let v = max(value, 1u);
    let octave = firstLeadingBit(v);
    let fraction = select(v << (4u - min(octave, 4u)), v >> (max(octave, 4u) - 4u), octave >= 4u) & 15u;
    return i32(16u * octave + fraction);
}

// A column, or one that is nowhere.
fn column(x: i32, width: i32, wraps: bool) -> i32 {
    return select(x, select(select(x, x - width, x >= width), x + width, x < 0), wraps);
}

// The sample at a place of the level, and whether it is there.
fn known(request: u32, at: vec2<i32>) -> vec2<i32> {
    let part = request + COMPONENTS + 4u * u32(2 * (at.x & 1) + (at.y & 1));
    let start = words[part];
    let height = words[part + 1u];
    let width = words[part + 2u];
    let y = at.x >> 1u;
    let x = column(at.y >> 1u, width, words[request + 4u] != 0 && width > 3);
    if start == 0 || y < 0 || y >= height || x < 0 || x >= width {
        return vec2<i32>(0, 0);
    }
    let index = y * width + x;
    let holes = words[part + 3u];
    if holes != 0 {
        let four = words[u32(holes + (index >> 2u))];
        if ((four >> u32(8 * (index & 3))) & 255) != 0 {
            return vec2<i32>(0, 0);
        }
    }
    return vec2<i32>(words[u32(start + index)], 1);
}

fn referred(reference: u32, wrap: bool, at: vec2<i32>) -> vec2<i32> {
    let height = words[reference + 1u];
    let width = words[reference + 2u];
    let x = column(at.y, width, wrap && width > 7);
    if at.x < 0 || at.x >= height || x < 0 || x >= width {
        return vec2<i32>(0, 0);
    }
    return vec2<i32>(words[u32(words[reference] + at.x * width + x)], 1);
}

// A pair of neighbours on opposite sides, compared with the middle.
fn pair(after: vec2<i32>, before: vec2<i32>, middle: i32) -> Look {
    if (after.y & before.y) == 0 {
        return Look(0, 0, 0);
    }
    return Look((after.x - middle) + (before.x - middle), after.x - before.x, 1);
}

fn limited(value: i32) -> f32 {
    return f32(clamp(value, -INPUT_LIMIT, INPUT_LIMIT));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let group = group_id.y * groups.x + group_id.x;
    if group >= u32(words[0]) {
        return;
    }
    let entry = 1u + 2u * group;
    let request = u32(words[entry]);
    let sample = words[entry + 1u] + i32(lane);
    let width = words[request + 1u];
    if sample >= words[request] * width {
        return;
    }
    let net = u32(words[request + 8u]);
    let sight = vec4<i32>(weights[net]);
    let counts = vec4<u32>(weights[net + 1u]);
    let place = 2 * vec2<i32>(sample / width, sample % width) + sight.xy;
    let adaptive_scale = sight.z != 0;
    let tokens = u32(sight.w);
    let predicted = words[u32(words[request + 5u] + sample)];
    let answer = u32(words[request + 7u] + 2 * sample);
    let holes = words[request + 6u];
    if holes != 0 && ((words[u32(holes + (sample >> 2u))] >> u32(8 * (sample & 3))) & 255) != 0 {
        answers[answer] = 0;
        answers[answer + 1u] = 0;
        return;
    }

    // What it sees.
    var sums: array<i32, 12>;
    var differences: array<i32, 12>;
    var sum_total = 0u;
    var difference_total = 0u;
    var found = 0;
    for (var i = 0u; i < counts.y; i++) {
        let offset = vec2<i32>(weights[net + OFFSETS + i].xy);
        let look = pair(known(request, place + offset), known(request, place - offset), predicted);
        sums[i] = look.sum;
        differences[i] = look.difference;
        found += look.found;
        if i < SCALE_PAIRS {
            sum_total = saturating_sum(sum_total, magnitude(look.sum));
            difference_total = saturating_sum(difference_total, magnitude(look.difference));
        }
    }
    let sums_log = logarithm(sum_total);
    let differences_log = logarithm(difference_total);
    let quantum = words[request + 2u];
    let quantum_log = logarithm(magnitude(quantum));
    let exponent = select((quantum_log >> 4u) - 6, (sums_log >> 4u) - 9, adaptive_scale);
    let by_sums = scale_of(exponent);
    let by_differences = scale_of(select((quantum_log >> 4u) - 6, (differences_log >> 4u) - 9, adaptive_scale));
    for (var i = 0u; i < counts.y; i++) {
        let correction = scaled(by_sums, sums[i]);
        keep(TOKENS + i, f32(correction));
        keep(i, limited(correction));
        keep(PAIRS + i, limited(scaled(by_differences, differences[i])));
    }
    let wrap = words[request + 4u] != 0;
    for (var r = 0u; r < counts.z; r++) {
        let reference = request + REFERENCES + 3u * r;
        let inputs = 2u * PAIRS + REFERENCE_INPUTS * r;
        if words[reference] == 0 {
            keep(44u + r, f32(-INPUT_LIMIT));
            continue;
        }
        let middle = referred(reference, wrap, place).x;
        var total = 0u;
        for (var i = 0u; i < counts.w; i++) {
            let offset = vec2<i32>(weights[net + OFFSETS + select(i, i + PAIRS - SHARED_PAIRS, i >= SHARED_PAIRS)].xy);
            let other = pair(referred(reference, wrap, place + offset), referred(reference, wrap, place - offset), middle);
            keep(inputs + i, limited(scaled(by_sums, other.sum)));
            if i < SHARED_PAIRS {
                keep(TOKENS + PAIRS + SHARED_PAIRS * r + i, f32(scaled(by_sums, sums[i] - other.sum)));
                total = saturating_sum(total, magnitude(other.sum));
            }
            if i < 2u {
                keep(inputs + SHARED_PAIRS + 2u + i, limited(scaled(by_differences, differences[i] - other.difference)));
            }
        }
        keep(44u + r, limited(4 * (logarithm(total) - sums_log)));
    }
    keep(40u, limited(2 * (sums_log - quantum_log - 64)));
    keep(41u, limited(4 * (differences_log - sums_log)));
    keep(42u, f32(min(words[request + 3u], 7) * 128));
    keep(43u, limited(80 * (i32(PAIRS) - found)));
    keep(46u, select(0.0, 512.0, quantum == 1));

    // The layers.
    for (var layer = 0u; layer < 4u; layer++) {
        let rows = vec4<u32>(weights[net + LAYERS + 2u * layer]);
        let to = vec4<i32>(weights[net + LAYERS + 2u * layer + 1u]);
        for (var output = 0u; output < rows.y; output++) {
            let row = net + rows.x + output * (rows.w + 1u);
            var sum = weights[row].x;
            for (var i = 0u; i < rows.w; i++) {
                let four = 4u * (rows.z + i);
                sum += dot(weights[row + 1u + i], vec4<f32>(channels[four], channels[four + 1u], channels[four + 2u], channels[four + 3u]));
            }
            keep(u32(to.x) + output, f32(clamp(i32(sum) >> u32(weights[row].y), to.y, to.z)));
        }
    }

    // Attention: the mean of the tokens by their scores.
    var correction = kept(HEADS + tokens);
    if tokens > 0u {
        var largest = -32768;
        for (var i = 0u; i < tokens; i++) {
            largest = max(largest, kept(HEADS + i));
        }
        var weight_sum = 0;
        var total = 0;
        for (var i = 0u; i < tokens; i++) {
            let weight = tables[min(largest - kept(HEADS + i), FARTHEST)];
            weight_sum += weight;
            total += weight * kept(TOKENS + i);
        }
        let octave = i32(firstLeadingBit(u32(max(weight_sum, 1024))));
        let reciprocal = tables[FARTHEST + 1 + (weight_sum >> u32(octave - 10)) - 1024];
        correction += ((total >> u32(octave - 2)) * reciprocal) >> 14u;
    }
    answers[answer] = correction;
    answers[answer + 1u] = (kept(HEADS + tokens + 1u) & 65535) | (exponent << 16u);
}
