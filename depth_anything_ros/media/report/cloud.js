// Points in space, drawn with WebGL. Frames follow the camera: x right, y up, looking along -z.

const VERTEX = `
attribute vec3 place; attribute vec3 colour; uniform mat4 view; uniform float size; varying lowp vec3 shown;
void main() {
  gl_Position = view * vec4(place, 1.0);
  gl_PointSize = clamp(size * -place.z / gl_Position.w, 1.0, 32.0);
  shown = colour;
}`;
const FRAGMENT = `
varying lowp vec3 shown;
void main() { gl_FragColor = vec4(shown, 1.0); }`;

const MAX_JUMP = 0.1; // of depth, from one pixel to the next
const COVER = 1.8; // size of a point, in distances of neighbours
const RELIEF_HEIGHT = 0.6; // of the picture's width
const RELIEF_JUMP = 0.05; // of the relief's height, from one pixel to the next

/** The distance of each code: metres, or for disparity how far a relief goes back, from 0 to 1. */
function distances(map) {
  const out = new Float64Array(CODES).fill(NaN);
  const [least, greatest] = map.facts.limits;
  for (let code = 1; code <= LAST; code += 1) {
    const value = map.values[code];
    if (map.metric) out[code] = value;
    else out[code] = greatest > least ? (greatest - value) / (greatest - least) : 0;
  }
  return out;
}

/**
 * Points of a depth map: {places, colours, count, triangles}. `rgba` are colours at its size, and
 * `triangles` the numbers of three points each, between neighbours.
 */
function pointsOf(map, rgba, withoutRamps) {
  const { width, height, codes } = map;
  const away = distances(map);
  const [fx, fy, cx, cy] = map.metric ? map.facts.camera : [width, width, (width - 1) / 2, (height - 1) / 2];
  const places = new Float32Array(3 * codes.length);
  const colours = new Uint8Array(3 * codes.length);
  const torn = (here, there) => !map.metric && Math.abs(here - there) > RELIEF_JUMP;
  const numbers = new Int32Array(codes.length).fill(-1);
  let count = 0;
  for (let i = 0; i < codes.length; i += 1) {
    const z = away[codes[i]];
    if (Number.isNaN(z)) continue;
    const column = i % width;
    const row = (i - column) / width;
    if (withoutRamps) {
      if (map.isRamp(i)) continue;
      if (column + 1 < width && torn(z, away[codes[i + 1]])) continue;
      if (row + 1 < height && torn(z, away[codes[i + width]])) continue;
    }
    const spread = map.metric ? z : 1;
    places[3 * count] = ((column - cx) / fx) * spread;
    places[3 * count + 1] = (-(row - cy) / fy) * spread;
    places[3 * count + 2] = map.metric ? -z : -1 - RELIEF_HEIGHT * (z - 0.5);
    for (let c = 0; c < 3; c += 1) colours[3 * count + c] = rgba[4 * i + c];
    numbers[i] = count;
    count += 1;
  }
  return { places, colours, count, triangles: trianglesOf(numbers, width, places, withoutRamps ? MAX_JUMP : Infinity) };
}

/** The two triangles between each pixel and its neighbours, none across a jump of depth. */
function trianglesOf(numbers, width, places, maxJump) {
  const triangles = new Uint32Array(6 * numbers.length);
  let used = 0;
  const add = (a, b, c) => {
    const corners = [numbers[a], numbers[b], numbers[c]];
    if (Math.min(...corners) < 0) return;
    const depths = corners.map((corner) => -places[3 * corner + 2]);
    if (Math.max(...depths) > (1 + maxJump) * Math.min(...depths)) return;
    triangles.set(corners, used);
    used += 3;
  };
  for (let i = 0; i + width < numbers.length; i += 1) {
    if ((i + 1) % width === 0) continue;
    add(i, i + 1, i + width);
    add(i + 1, i + width + 1, i + width);
  }
  return triangles.subarray(0, used);
}

function middle(places, count) {
  const depths = [];
  for (let i = 0; i < count; i += Math.max(1, Math.floor(count / 2000))) depths.push(-places[3 * i + 2]);
  depths.sort((a, b) => a - b);
  return depths.length ? depths[depths.length >> 1] : 1;
}

class Cloud {
  /** Raises an Error where the browser has no WebGL. */
  constructor(canvas) {
    this.canvas = canvas;
    const gl = canvas.getContext('webgl', { antialias: true, alpha: true, preserveDrawingBuffer: true });
    if (!gl) throw new Error('This browser has no WebGL, which the cloud needs.');
    this.gl = gl;
    this.count = 0;
    this.filled = false;
    this.setUp();
    canvas.addEventListener('webglcontextlost', (event) => event.preventDefault());
    canvas.addEventListener('webglcontextrestored', () => {
      this.setUp();
      if (this.points) this.upload();
    });
    new ResizeObserver(() => this.draw()).observe(canvas);
    this.listen();
  }

  setUp() {
    const { gl } = this;
    const program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error('WebGL cannot draw the cloud.');
    gl.useProgram(program);
    gl.enable(gl.DEPTH_TEST);
    this.uniforms = { view: gl.getUniformLocation(program, 'view'), size: gl.getUniformLocation(program, 'size') };
    // Without it, which hardly any browser lacks, there are points alone.
    this.canFill = gl.getExtension('OES_element_index_uint') !== null;
    this.buffers = { triangles: gl.createBuffer() };
    for (const name of ['place', 'colour']) {
      this.buffers[name] = gl.createBuffer();
      const at = gl.getAttribLocation(program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
      gl.enableVertexAttribArray(at);
      if (name === 'place') gl.vertexAttribPointer(at, 3, gl.FLOAT, false, 0, 0);
      else gl.vertexAttribPointer(at, 3, gl.UNSIGNED_BYTE, true, 0, 0);
    }
  }

  /** Show the points of a depth map; `keep` keeps the view. */
  show(map, rgba, withoutRamps, keep) {
    this.points = pointsOf(map, rgba, withoutRamps);
    this.map = map;
    this.upload();
    if (!keep) this.reset();
    this.draw();
  }

  upload() {
    const { gl, points } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers.place);
    gl.bufferData(gl.ARRAY_BUFFER, points.places.subarray(0, 3 * points.count), gl.STATIC_DRAW);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers.colour);
    gl.bufferData(gl.ARRAY_BUFFER, points.colours.subarray(0, 3 * points.count), gl.STATIC_DRAW);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffers.triangles);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, points.triangles, gl.STATIC_DRAW);
    this.count = points.count;
  }

  /** Look from a little beside the camera at what is in the middle. */
  reset() {
    this.depth = middle(this.points.places, this.count);
    this.target = [0, 0, -this.depth];
    this.distance = this.depth * (this.map.metric ? 1.25 : 1.5);
    this.yaw = 0.32;
    this.pitch = 0.2;
    this.draw();
  }

  turn(yaw, pitch) {
    this.yaw += yaw;
    this.pitch = Math.min(1.55, Math.max(-1.55, this.pitch + pitch));
    this.draw();
  }

  zoom(factor) {
    this.distance = Math.min(50 * this.depth, Math.max(0.02 * this.depth, this.distance * factor));
    this.draw();
  }

  /** Move the target, in shares of the window's height. */
  pan(x, y) {
    const step = this.distance * 2 * this.halfHeight;
    const [right, up] = this.axes();
    this.target = this.target.map((at, i) => at - step * (x * right[i] + y * up[i]));
    this.draw();
  }

  /** The camera's right, up and backward directions. */
  axes() {
    const [cy, sy, cp, sp] = [Math.cos(this.yaw), Math.sin(this.yaw), Math.cos(this.pitch), Math.sin(this.pitch)];
    return [[cy, 0, -sy], [-sy * sp, cp, -cy * sp], [sy * cp, sp, cy * cp]];
  }

  draw() {
    if (!this.points || this.canvas.hidden) return;
    const { gl, canvas, map } = this;
    const sharp = Math.min(2, window.devicePixelRatio || 1);
    canvas.width = Math.max(1, Math.round(canvas.clientWidth * sharp));
    canvas.height = Math.max(1, Math.round(canvas.clientHeight * sharp));
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    const focal = map.metric ? map.facts.camera[0] : map.width;
    const aspect = canvas.width / canvas.height;
    // As wide as the camera, and as high, whichever needs more room.
    this.halfHeight = Math.max(map.height / 2 / focal, map.width / 2 / focal / aspect);
    gl.uniformMatrix4fv(this.uniforms.view, false, this.matrix(aspect));
    // Neighbours are z / focal apart, and farther where the surface is seen at a slant.
    gl.uniform1f(this.uniforms.size, ((COVER / focal) * canvas.height) / 2 / this.halfHeight);
    if (this.filled && this.canFill) gl.drawElements(gl.TRIANGLES, this.points.triangles.length, gl.UNSIGNED_INT, 0);
    else gl.drawArrays(gl.POINTS, 0, this.count);
  }

  /** The matrix from places to the window, column by column. */
  matrix(aspect) {
    const [right, up, back] = this.axes();
    const eye = this.target.map((at, i) => at + this.distance * back[i]);
    const rows = [right, up, back].map((axis) => [...axis, -axis.reduce((sum, a, i) => sum + a * eye[i], 0)]);
    const near = 0.01 * this.distance;
    const far = 1000 * this.depth + this.distance;
    const across = 1 / this.halfHeight;
    const scaled = [
      rows[0].map((a) => (a * across) / aspect),
      rows[1].map((a) => a * across),
      rows[2].map((a, i) => ((near + far) * a + (i === 3 ? 2 * near * far : 0)) / (near - far)),
      rows[2].map((a) => -a),
    ];
    return new Float32Array([0, 1, 2, 3].flatMap((column) => scaled.map((row) => row[column])));
  }

  listen() {
    const { canvas } = this;
    const down = new Map();
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      down.set(event.pointerId, [event.clientX, event.clientY]);
    });
    canvas.addEventListener('pointermove', (event) => {
      if (!down.has(event.pointerId)) return;
      const before = [...down.values()];
      const [x, y] = down.get(event.pointerId);
      down.set(event.pointerId, [event.clientX, event.clientY]);
      const [dx, dy] = [event.clientX - x, event.clientY - y];
      const high = canvas.clientHeight || 1;
      if (down.size === 2) {
        const span = (ends) => Math.hypot(ends[0][0] - ends[1][0], ends[0][1] - ends[1][1]) || 1;
        this.zoom(span(before) / span([...down.values()]));
        this.pan(dx / 2 / high, -dy / 2 / high);
      } else if (event.shiftKey || event.buttons === 2) this.pan(dx / high, -dy / high);
      else this.turn((-3 * dx) / high, (3 * dy) / high);
    });
    for (const end of ['pointerup', 'pointercancel']) canvas.addEventListener(end, (event) => down.delete(event.pointerId));
    canvas.addEventListener('contextmenu', (event) => event.preventDefault());
    canvas.addEventListener('dblclick', () => this.reset());
    canvas.addEventListener('wheel', (event) => {
      event.preventDefault();
      this.zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY / 400))));
    }, { passive: false });
    canvas.addEventListener('keydown', (event) => {
      const step = 0.08;
      const keys = {
        ArrowLeft: () => this.turn(step, 0), ArrowRight: () => this.turn(-step, 0),
        ArrowUp: () => this.turn(0, -step), ArrowDown: () => this.turn(0, step),
        '+': () => this.zoom(0.9), '=': () => this.zoom(0.9), '-': () => this.zoom(1 / 0.9), 0: () => this.reset(),
      };
      if (event.key in keys && !event.ctrlKey && !event.metaKey) {
        keys[event.key]();
        event.preventDefault();
        event.stopPropagation();
      }
    });
  }
}
