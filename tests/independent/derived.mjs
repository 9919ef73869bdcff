// Values that follow from the definition of a grid (docs/format.md, section 3, Derived values), written from that page alone. Math.tan, asin, atan, atan2, exp and log of
// V8 are those of msun; its sin and cos may be others, so these are written out here.

const deg = (a) => a * 57.29577951308232;
const rad = (a) => a * 0.017453292519943295;
const mod = (a, n) => (a % n < 0 ? (a % n) + n : a % n);
const power = (a, b) => Math.exp(b * Math.log(a));
const { PI } = Math;

// ------------------------------------------------------------------------------------------------------------- sin and cos of msun

/** k_sin.c */
function kernelSin(x, y) {
  const z = x * x;
  const w = z * z;
  const r = 8.33333333332248946124e-3 + z * (-1.98412698298579493134e-4 + z * 2.75573137070700676789e-6) + z * w * (-2.50507602534068634195e-8 + z * 1.58969099521155010221e-10);
  const v = z * x;
  return y === null ? x + v * (-1.66666666666666324348e-1 + z * r) : x - ((z * (0.5 * y - v * r) - y) - v * -1.66666666666666324348e-1);
}

/** k_cos.c */
function kernelCos(x, y) {
  const z = x * x;
  const w = z * z;
  const r = z * (4.16666666666666019037e-2 + z * (-1.38888888888741095749e-3 + z * 2.48015872894767294178e-5)) + w * w * (-2.75573143513906633035e-7 + z * (2.08757232129817482790e-9 + z * -1.13596475577881948265e-11));
  const hz = 0.5 * z;
  const t = 1 - hz;
  return t + (((1 - t) - hz) + (z * r - x * y));
}

const HIGH = new DataView(new ArrayBuffer(8));
function high(x) {
  HIGH.setFloat64(0, x);
  return HIGH.getUint32(0) & 0x7fffffff;
}

/** e_rem_pio2.c for what angles come to: [quadrant, rest, its tail]. */
function quadrant(x) {
  const [PIO2_1, PIO2_1T, PIO2_2, PIO2_2T, PIO2_3, PIO2_3T] = [1.57079632673412561417, 6.07710050650619224932e-11, 6.07710050630396597660e-11, 2.02226624879595063154e-21, 2.02226624871116645580e-21, 8.47842766036889956997e-32];
  const ix = high(x);
  if (ix <= 0x4002d97c && (ix & 0xfffff) !== 0x921fb) { // up to 3π/4
    const sign = x > 0 ? 1 : -1;
    const z = x - sign * PIO2_1;
    const rest = z - sign * PIO2_1T;
    return [sign, rest, (z - rest) - sign * PIO2_1T];
  }
  if (ix >= 0x413921fb) throw new RangeError('an angle of many turns');
  const n = (x * 6.36619772367581382433e-1 + 6755399441055744) - 6755399441055744; // rounded to even
  let r = x - n * PIO2_1;
  let w = n * PIO2_1T;
  let y = r - w;
  if ((ix >>> 20) - (high(y) >>> 20) > 16) {
    let t = r;
    w = n * PIO2_2;
    r = t - w;
    w = n * PIO2_2T - ((t - r) - w);
    y = r - w;
    if ((ix >>> 20) - (high(y) >>> 20) > 49) {
      t = r;
      w = n * PIO2_3;
      r = t - w;
      w = n * PIO2_3T - ((t - r) - w);
      y = r - w;
    }
  }
  return [n, y, (r - y) - w];
}

function turned(x, quarter) {
  if (!Number.isFinite(x)) return NaN;
  const small = high(x) <= 0x3fe921fb;
  const [n, y, tail] = small ? [0, x, 0] : quadrant(x);
  const which = mod(n + quarter, 4);
  const value = which % 2 === 0 ? kernelSin(y, small ? null : tail) : kernelCos(y, tail);
  return which < 2 ? value : -value;
}

const sin = (x) => (high(x) < 0x3e500000 ? x : turned(x, 0));
const cos = (x) => (high(x) < 0x3e46a09e ? 1 : turned(x, 1));

// ------------------------------------------------------------------------------------------------------------------------- octets

class Section {
  constructor(bytes) {
    this.bytes = bytes;
  }

  /** Octets count from 1. */
  unsigned(octet, count) {
    if (octet - 1 + count > this.bytes.length) throw new RangeError('a definition that ends early');
    return this.bytes.subarray(octet - 1, octet - 1 + count).reduce((n, byte) => n * 256 + byte, 0);
  }

  signed(octet, count) {
    const raw = this.unsigned(octet, count);
    const sign = 2 ** (8 * count - 1);
    return raw < sign ? raw : -(raw - sign) || 0;
  }

  single(octet) {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, this.unsigned(octet, 4));
    return view.getFloat32(0);
  }

  /** The hexadecimal floating-point number of edition 1. */
  hexadecimal(octet) {
    const raw = this.unsigned(octet, 4);
    const magnitude = (raw % 2 ** 24) * 2 ** (4 * ((Math.floor(raw / 2 ** 24) & 127) - 64) - 24);
    return raw >= 2 ** 31 ? -magnitude : magnitude;
  }
}

// -------------------------------------------------------------------------------------------------------------------------- grids

/** { points, plane, latitudes, longitudes } of a definition, those of points as functions. */
function gridOf(rule, section) {
  return rule === 1 ? firstEdition(section) : secondEdition(section);
}

function secondEdition(section) {
  const template = section.unsigned(13, 2);
  const columns = section.unsigned(31, 4);
  const rows = section.unsigned(35, 4);
  if (section.unsigned(6, 1) !== 0 || ![0, 1, 10, 20, 30, 40, 41].includes(template)) throw new RangeError('a grid that is not computed');
  const points = section.unsigned(7, 4);
  const width = section.unsigned(11, 1);
  if (template === 10 || template === 20 || template === 30) {
    const angle = (octet) => rad(section.signed(octet, 4) * 1e-6);
    const lengths = template === 10 ? 65 : 56;
    const flags = section.unsigned(template === 10 ? 60 : 65, 1);
    const step = [lengths, lengths + 4].map((octet) => section.unsigned(octet, 4) * 1e-3);
    const centre = template === 20 && section.unsigned(64, 1) & 0x80 ? -1 : 1;
    return projected([rows, columns], {
      kind: template, earth: earthOf(section), first: [angle(39), angle(43)], step: signed(step, flags), side: centre, parallel: angle(48),
      meridian: template === 10 ? angle(43) : angle(52), parallels: template === 30 ? [angle(66), angle(70)] : [],
    });
  }
  const [basic, parts] = [section.unsigned(39, 4), section.unsigned(43, 4)];
  const none = (n) => n === 0 || n === 0xffffffff;
  const units = none(basic) || none(parts) ? 1e6 : parts / basic;
  const degrees = (octet) => section.signed(octet, 4) / units;
  const rotated = template % 40 === 1;
  const regular = {
    first: [degrees(47), degrees(51)], last: [degrees(56), degrees(60)], westward: (section.unsigned(72, 1) & 0x80) !== 0,
    gaussian: template >= 40 ? section.unsigned(68, 4) : null,
    rotation: rotated ? { pole: [degrees(73), degrees(77)], angle: section.single(81) } : null,
  };
  if (width === 0) return regularGrid([rows, columns], regular);
  const list = Array.from({ length: rows }, (_, i) => section.unsigned((rotated ? 85 : 73) + i * width, width));
  return reducedGrid(points, list, regular);
}

function firstEdition(section) {
  const kind = section.unsigned(6, 1);
  const [columns, rows] = [section.unsigned(7, 2), section.unsigned(9, 2)];
  const flags = section.unsigned(28, 1);
  if ([1, 3, 5].includes(kind)) {
    const angle = (octet) => rad(section.signed(octet, 3) * 1e-3);
    const lengths = kind === 1 ? 29 : 21;
    const step = [lengths, lengths + 3].map((octet) => section.unsigned(octet, 3));
    const side = kind === 5 && section.unsigned(27, 1) & 0x80 ? -1 : 1;
    const earth = section.unsigned(17, 1) & 0x40 ? [6378160, 6356775] : [6367470, 6367470];
    return projected([rows, columns], {
      kind: { 1: 10, 5: 20, 3: 30 }[kind], earth, first: [angle(11), angle(14)], step: signed(step, flags), side,
      parallel: kind === 5 ? side * rad(60) : kind === 1 ? angle(24) : 0, meridian: kind === 1 ? angle(14) : angle(18), parallels: kind === 3 ? [angle(29), angle(32)] : [],
    });
  }
  if (![0, 4, 10, 14].includes(kind)) throw new RangeError('a grid that is not computed');
  const degrees = (octet) => section.signed(octet, 3) / 1e3;
  const regular = {
    first: [degrees(11), degrees(14)], last: [degrees(18), degrees(21)], westward: (flags & 0x80) !== 0, gaussian: kind % 10 === 4 ? section.unsigned(26, 2) : null,
    rotation: kind >= 10 ? { pole: [degrees(33), degrees(36)], angle: section.hexadecimal(39) } : null,
  };
  if (columns !== 65535) return regularGrid([rows, columns], regular);
  const start = section.unsigned(5, 1) + 4 * section.unsigned(4, 1);
  const list = Array.from({ length: rows }, (_, i) => section.unsigned(start + 2 * i, 2));
  return reducedGrid(list.reduce((a, b) => a + b, 0), list, regular);
}

const signed = ([x, y], flags) => [flags & 0x80 ? -x : x, flags & 0x40 ? y : -y];

// --------------------------------------------------------------------------------------------------- latitudes and longitudes

function between(a, b, n) {
  const m = Math.max(n - 1, 1);
  return Array.from({ length: n }, (_, i) => (a * (m - i) + b * i) / m);
}

function rowsOf({ first: [first], last: [last], gaussian }, count) {
  return gaussian === null ? between(first, last, count) : gaussianRows(2 * gaussian, count, first, first >= last);
}

function gaussianRows(degree, count, first, southward) {
  const place = Math.floor((rad(90 - first) * (4 * degree + 2)) / (4 * PI) - 0.75 + 0.5);
  const start = Math.min(Math.max(place, 0), degree - 1);
  return Array.from({ length: count }, (_, i) => {
    const k = southward ? start + i : start - i;
    if (k < 0 || k >= degree) throw new RangeError('more rows than there are');
    let x = cos((PI * (4 * k + 3)) / (4 * degree + 2));
    for (let turn = 0; turn < 10; turn++) {
      let [before, value] = [0, 1];
      for (let n = 0; n < degree; n++) [before, value] = [value, ((2 * n + 1) * x * value - n * before) / (n + 1)];
      const step = value / ((degree * (before - x * value)) / (1 - x * x));
      x -= step;
      if (Math.abs(step) < 1e-10) break;
    }
    return deg(Math.asin(x));
  });
}

function rotate({ pole: [latitude, longitude], angle }, row, column) {
  const [phi, lambda, tilt] = [rad(row), rad(column - angle), rad(90 + latitude)];
  const [x, y, z] = [cos(phi) * cos(lambda), cos(phi) * sin(lambda), sin(phi)];
  const [east, up] = [cos(tilt) * x - sin(tilt) * z, sin(tilt) * x + cos(tilt) * z];
  return [deg(Math.asin(Math.min(Math.max(up, -1), 1))), mod(deg(Math.atan2(y, east)) + longitude, 360)];
}

function regularGrid([rows, columns], regular) {
  const { first: [, first], last: [, last], westward, rotation } = regular;
  let distance = westward ? first - last : last - first;
  if (distance < 0) distance += 360;
  const axes = [rowsOf(regular, rows), between(first, westward ? first - distance : first + distance, columns)];
  const positions = () => axes[0].flatMap((row) => axes[1].map((column) => rotate(rotation, row, column)));
  return { plane: [rows, columns], axes, positions: rotation ? positions : null };
}

function reducedGrid(points, list, regular) {
  const [west, end] = [regular.first[1], regular.last[1]];
  const east = end < west ? end + 360 : end;
  const whole = list.reduce((a, b) => a + b, 0) === points && east - west > 360 - (2 * 360) / Math.max(...list, 1);
  const positions = () => {
    const latitudes = rowsOf(regular, list.length);
    const all = list.flatMap((count, row) => {
      if (count === 0) return [];
      const spacing = 360 / count;
      const tolerance = spacing * 1e-3;
      const first = Math.ceil((west - tolerance) / spacing);
      const here = whole ? count : Math.min(Math.max(Math.floor((east + tolerance) / spacing) - first + 1, 0), count);
      return Array.from({ length: here }, (_, i) => {
        const longitude = (first + i) * spacing;
        return regular.rotation ? rotate(regular.rotation, latitudes[row], longitude) : [latitudes[row], longitude];
      });
    });
    if (all.length !== points) throw new RangeError('points that do not come to those of the section');
    return all;
  };
  return { plane: null, points, axes: null, positions };
}

// -------------------------------------------------------------------------------------------------------------------- projections

function earthOf(section) {
  const scaled = (octet) => {
    const ten = 10 ** Math.abs(section.signed(octet, 1));
    const value = section.unsigned(octet + 1, 4);
    return section.signed(octet, 1) < 0 ? value * ten : value / ten;
  };
  const shape = section.unsigned(15, 1);
  const fixed = { 2: [6378160, 6356775], 4: [6378137, 6356752.31414], 5: [6378137, 6356752.314245], 6: [6371229, 6371229], 8: [6371200, 6371200], 9: [6377563.396, 6356256.909] };
  if (shape === 1) return [scaled(16), scaled(16)];
  if (shape === 3) return [1000 * scaled(21), 1000 * scaled(26)];
  if (shape === 7) return [scaled(21), scaled(26)];
  return fixed[shape] ?? [6367470, 6367470];
}

function projected([rows, columns], { kind, earth: [a, b], first, step, side, parallel, meridian, parallels: [one, two] }) {
  const e = Math.sqrt(Math.max(1 - (b / a) * (b / a), 0));
  const m = (phi) => cos(phi) / Math.sqrt(1 - e * sin(phi) * (e * sin(phi)));
  const bent = (phi) => power((1 - e * sin(phi)) / (1 + e * sin(phi)), e / 2);
  const t = (phi) => Math.tan(PI / 4 - phi / 2) / bent(phi);
  const latitude = (t) => {
    let phi = PI / 2 - 2 * Math.atan(t);
    for (let i = 0; e > 0 && i < 8; i++) phi = PI / 2 - 2 * Math.atan(t * bent(phi));
    return phi;
  };
  let [n, k] = [0, a * m(parallel)];
  if (kind === 20) {
    const p = Math.abs(parallel);
    n = side;
    k = PI / 2 - p < 1e-9 ? (2 * a) / Math.sqrt(power(1 + e, 1 + e) * power(1 - e, 1 - e)) : (a * m(p)) / t(p);
  }
  if (kind === 30) {
    n = Math.abs(one - two) < 1e-9 ? sin(one) : (Math.log(m(one)) - Math.log(m(two))) / (Math.log(t(one)) - Math.log(t(two)));
    k = (a * m(one)) / (n * power(t(one), n));
  }
  const forward = ([phi, lambda]) => {
    if (kind === 10) return [k * (lambda - meridian), -k * Math.log(t(phi))];
    const distance = kind === 20 ? n * k * t(n * phi) : k * power(t(phi), n);
    const angle = n * (mod(lambda - meridian + PI, 2 * PI) - PI);
    return [distance * sin(angle), -distance * cos(angle)];
  };
  const back = (x, y) => {
    if (kind === 10) return [latitude(Math.exp(-y / k)), meridian + x / k];
    const sign = Math.sign(n);
    const distance = Math.sqrt(x * x + y * y);
    const lambda = meridian + Math.atan2(sign * x, -sign * y) / n;
    return [kind === 20 ? n * latitude(distance / k) : latitude(power(distance / Math.abs(k), 1 / n)), lambda];
  };
  const [x, y] = forward(first);
  const axes = [Array.from({ length: rows }, (_, i) => y + i * step[1]), Array.from({ length: columns }, (_, i) => x + i * step[0])];
  const positions = () => axes[0].flatMap((row) => axes[1].map((column) => {
    const [phi, lambda] = back(column, row).map(deg);
    return [phi, mod(lambda, 360)];
  }));
  return { plane: [rows, columns], axes, positions };
}

// ------------------------------------------------------------------------------------------------------------------- what is asked

/** The values of a variable with key 9, as an array of its type. Throws RangeError where there are none of that shape and type. */
export function derivedValues([rule, part, definition], shape, type) {
  if ((rule !== 1 && rule !== 2) || part > 3) throw new RangeError('no such rule');
  const grid = gridOf(rule, new Section(definition));
  const wanted = part < 2 ? (grid.plane ?? [grid.points]) : grid.plane && [grid.plane[part - 2]];
  if (!wanted || String(wanted) !== String(shape)) throw new RangeError('another shape');
  if (type !== (part < 2 ? 'float32' : 'float64')) throw new RangeError('another type');
  if (part >= 2) return Float64Array.from(grid.axes[part - 2]);
  if (!grid.positions) throw new RangeError('positions are those of rows and columns');
  const values = Float32Array.from(grid.positions(), (position) => position[part]);
  if (!values.every(Number.isFinite)) throw new RangeError('a point that is nowhere');
  return values;
}
