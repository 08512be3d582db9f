// Depth as media/report_codec.py packs it, and what it looks like.

const UNKNOWN = 0;
const LAST = 4092;
const BEYOND = 4093;
const TOO_NEAR = 4094;
const CODES = 4095;

function bytesOf(text) {
  const raw = atob(text.trim());
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

async function inflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Undo `packed`: each code was predicted as left + upper - upper left. */
async function unpacked(text, width, height) {
  const planes = await inflated(bytesOf(text));
  const size = width * height;
  const codes = new Uint16Array(size);
  for (let i = 0; i < size; i += 1) {
    const folded = planes[i] | (planes[size + i] << 8);
    const rest = (folded >>> 1) ^ -(folded & 1);
    const left = i % width ? codes[i - 1] : 0;
    const upper = i >= width ? codes[i - width] : 0;
    const corner = i % width && i >= width ? codes[i - width - 1] : 0;
    codes[i] = left + upper - corner + rest;
  }
  return codes;
}

/** The depth of one picture. `facts` are those that media/report.py gives. */
class DepthMap {
  /** `ramps` has a bit for each pixel between two surfaces; null where that is not known. */
  constructor(facts, codes, ramps = null) {
    this.facts = facts;
    this.ramps = ramps;
    [this.width, this.height] = facts.grid;
    this.codes = codes;
    this.values = new Float64Array(CODES);
    for (let code = 0; code < CODES; code += 1) this.values[code] = this.valueOf(code);
  }

  get metric() {
    return this.facts.kind === 'metric';
  }

  valueOf(code) {
    if (code === UNKNOWN) return NaN;
    if (code === BEYOND) return Infinity;
    if (code === TOO_NEAR) return -Infinity;
    const [least, greatest] = this.facts.limits;
    const share = (code - 1) / (LAST - 1);
    return this.metric ? least * (greatest / (least || 1)) ** share : least + share * (greatest - least);
  }

  isRamp(i) {
    return this.ramps !== null && ((this.ramps[i >> 3] >> (7 - (i & 7))) & 1) === 1;
  }

  /** The code at a place of the picture, both coordinates from 0 to 1. */
  codeAt(x, y) {
    const column = Math.min(this.width - 1, Math.max(0, Math.floor(x * this.width)));
    const row = Math.min(this.height - 1, Math.max(0, Math.floor(y * this.height)));
    return this.codes[row * this.width + column];
  }

  /** The pixel of the whole depth map that stands for a place; see `sampled`. */
  pixelAt(x, y) {
    return [x, y].map((at, axis) => {
      const cells = this.facts.grid[axis];
      const cell = Math.min(cells - 1, Math.max(0, Math.floor(at * cells)));
      return Math.floor(((cell + 0.5) * this.facts.whole[axis]) / cells);
    });
  }

  /** How near a code is on the scale of the colours: 0 far, 1 near, null unknown. */
  share(code) {
    const [far, near] = this.facts.colours;
    if (code === UNKNOWN || (!this.metric && code > LAST)) return null;
    if (code === BEYOND) return 0;
    if (code === TOO_NEAR) return 1;
    const nearness = this.metric ? 1 / this.values[code] : this.values[code];
    return near > far ? Math.min(1, Math.max(0, (nearness - far) / (near - far))) : 0.5;
  }

  /** Colours of all codes, RGBA, from the table of 256 colours. */
  palette(table) {
    const palette = new Uint8ClampedArray(4 * CODES);
    for (let code = 0; code < CODES; code += 1) {
      const share = this.share(code);
      const at = share === null ? -1 : 3 * Math.floor(255 * share);
      for (let c = 0; c < 3; c += 1) palette[4 * code + c] = at < 0 ? 0 : table[at + c];
      palette[4 * code + 3] = 255;
    }
    return palette;
  }

  paint(canvas, table) {
    canvas.width = this.width;
    canvas.height = this.height;
    const context = canvas.getContext('2d');
    const image = context.createImageData(this.width, this.height);
    const colours = new Uint32Array(this.palette(table).buffer);
    const pixels = new Uint32Array(image.data.buffer);
    for (let i = 0; i < pixels.length; i += 1) pixels[i] = colours[this.codes[i]];
    context.putImageData(image, 0, 0);
  }

  /** A value in words. */
  words(code) {
    if (code === UNKNOWN) return 'unknown (NaN)';
    if (code === BEYOND) return 'beyond range (+Inf)';
    if (code === TOO_NEAR) return 'too near (-Inf)';
    return told(this.values[code], this.metric);
  }
}

/** A number with three digits or more, and its unit. */
function told(value, metric) {
  const size = Math.abs(value);
  if (size >= 1e6 || (size > 0 && size < 1e-3)) return `${value.toExponential(2)}${metric ? ' m' : ''}`;
  const digits = size >= 100 ? 1 : size >= 10 ? 2 : size >= 0.1 ? 3 : 4;
  return metric ? `${value.toFixed(digits)} m` : value.toFixed(digits);
}
