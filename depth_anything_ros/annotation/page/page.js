// The review page. What is shown of a pair is what annotation/review.py gives: two points, no answers of others, no votes.

const $ = (name) => document.getElementById(name);
const COLOURS = ['#ffa733', '#4db2ff'];
const AGAIN_MS = 1000;
const IDLE_MS = 10000; // between looks whether a pair has come back
const MOST_ZOOM = 40; // window pixels to a pixel of the picture
const LOUPE = 55; // pixels of the picture along a side of a loupe
const KEPT = 6; // pictures

/** What the server refuses, with its status; trouble that passes is no refusal. */
class Refusal extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

// The token comes behind the # of the link, which is sent to nobody. It stays with this tab.
const given = /^#token=([0-9a-f]+)$/.exec(location.hash);
if (given) {
  if (sessionStorage.getItem('token') !== given[1]) sessionStorage.clear();
  sessionStorage.setItem('token', given[1]);
  history.replaceState(null, '', location.pathname);
}
// Another link in the same tab is another person.
addEventListener('hashchange', () => location.reload());

async function ask(path, body) {
  const options = { headers: { Authorization: `Bearer ${sessionStorage.getItem('token') || ''}` }, cache: 'no-store' };
  if (body) {
    options.method = 'POST';
    options.headers['Content-Type'] = 'application/json';
    options.body = JSON.stringify(body);
  }
  const answer = await fetch(path, options);
  if (answer.status >= 500) throw new Error(`the server says ${answer.status}`);
  if (!answer.ok) throw new Refusal(answer.status, (await answer.json()).error);
  return answer;
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Ask until there is an answer: a server that was ended and started again goes on. */
async function insist(path, body) {
  for (;;) {
    try {
      const answer = await (await ask(path, body)).json();
      tell('');
      return answer;
    } catch (error) {
      if (error instanceof Refusal) throw error;
      tell(body ? 'The server does not answer. Your answer is kept and sent again.' : 'The server does not answer. Trying again.');
      await pause(AGAIN_MS);
    }
  }
}

function tell(text) {
  $('trouble').textContent = text;
  $('trouble').hidden = !text;
}

const nonce = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');

/** Pictures as bitmaps, the last ones kept. */
class Pictures {
  constructor() {
    this.bitmaps = new Map();
  }

  get(id) {
    if (!this.bitmaps.has(id)) {
      const loading = this.load(id);
      loading.catch(() => this.bitmaps.delete(id));
      this.bitmaps.set(id, loading);
      for (const old of [...this.bitmaps.keys()].slice(0, -KEPT)) {
        this.bitmaps.get(old).then((bitmap) => bitmap.close(), () => {});
        this.bitmaps.delete(old);
      }
    }
    return this.bitmaps.get(id);
  }

  async load(id) {
    for (;;) {
      try {
        return await createImageBitmap(await (await ask(`api/picture/${id}`)).blob(), { imageOrientation: 'none' });
      } catch (error) {
        if (error instanceof Refusal || error.name === 'InvalidStateError') throw error;
        await pause(AGAIN_MS);
      }
    }
  }
}

/** A picture with points on it, zoomed and moved. Points are [row, column] of pixels. */
class View {
  constructor(canvas) {
    this.canvas = canvas;
    this.bitmap = null;
    this.points = [];
    this.lines = []; // pairs that are there already
    this.hidden = false;
    this.picked = () => {};
    new ResizeObserver(() => this.keepWhole()).observe(canvas);
    this.listen();
  }

  show(bitmap, points, lines) {
    this.bitmap = bitmap;
    this.points = points;
    this.lines = lines;
    this.all();
  }

  get fitting() {
    const { canvas, bitmap } = this;
    return Math.min(canvas.clientWidth / bitmap.width, canvas.clientHeight / bitmap.height) || 1;
  }

  all() {
    if (!this.bitmap) return this.draw();
    this.look(this.bitmap.width / 2, this.bitmap.height / 2, this.fitting);
    this.whole = true;
    return undefined;
  }

  keepWhole() {
    if (this.whole) this.all();
    else this.draw();
  }

  /** Both points with some room around them. */
  pair() {
    if (!this.points.length) return this.all();
    const rows = this.points.map((point) => point[0] + 0.5);
    const columns = this.points.map((point) => point[1] + 0.5);
    const [top, bottom, left, right] = [Math.min(...rows), Math.max(...rows), Math.min(...columns), Math.max(...columns)];
    const scale = Math.min(this.canvas.clientWidth / (2 * (right - left) + 60), this.canvas.clientHeight / (2 * (bottom - top) + 60));
    return this.look((left + right) / 2, (top + bottom) / 2, scale);
  }

  /** Put a place of the picture into the middle of the window. */
  look(x, y, scale) {
    this.whole = false;
    this.scale = Math.min(MOST_ZOOM, Math.max(this.fitting, scale));
    this.x = x;
    this.y = y;
    this.draw();
  }

  zoom(factor, px = this.canvas.clientWidth / 2, py = this.canvas.clientHeight / 2) {
    if (!this.bitmap) return;
    const scale = Math.min(MOST_ZOOM, Math.max(this.fitting, this.scale * factor));
    const [dx, dy] = [px - this.canvas.clientWidth / 2, py - this.canvas.clientHeight / 2];
    this.look(this.x + dx / this.scale - dx / scale, this.y + dy / this.scale - dy / scale, scale);
  }

  move(dx, dy) {
    if (this.bitmap) this.look(this.x - dx / this.scale, this.y - dy / this.scale, this.scale);
  }

  /** The window's place of a place of the picture. */
  at(row, column) {
    return [(column + 0.5 - this.x) * this.scale + this.canvas.clientWidth / 2, (row + 0.5 - this.y) * this.scale + this.canvas.clientHeight / 2];
  }

  /** The pixel under a place of the window; null outside of the picture. */
  pixel(px, py) {
    const column = Math.floor((px - this.canvas.clientWidth / 2) / this.scale + this.x);
    const row = Math.floor((py - this.canvas.clientHeight / 2) / this.scale + this.y);
    const inside = row >= 0 && column >= 0 && row < this.bitmap.height && column < this.bitmap.width;
    return inside ? [row, column] : null;
  }

  draw() {
    const { canvas, bitmap } = this;
    const sharp = window.devicePixelRatio || 1;
    canvas.width = Math.max(1, Math.round(canvas.clientWidth * sharp));
    canvas.height = Math.max(1, Math.round(canvas.clientHeight * sharp));
    if (!bitmap) return;
    // No border of nothing wider than needed.
    for (const [axis, size, room] of [['x', bitmap.width, canvas.clientWidth], ['y', bitmap.height, canvas.clientHeight]]) {
      const half = room / 2 / this.scale;
      this[axis] = 2 * half >= size ? size / 2 : Math.min(size - half, Math.max(half, this[axis]));
    }
    for (const name of ['x', 'y', 'scale']) canvas.dataset[name] = this[name];
    const context = canvas.getContext('2d');
    context.scale(sharp, sharp);
    context.imageSmoothingEnabled = this.scale < 3;
    context.imageSmoothingQuality = 'high';
    const [left, top] = this.at(-0.5, -0.5);
    context.drawImage(bitmap, left, top, bitmap.width * this.scale, bitmap.height * this.scale);
    if (this.hidden) return;
    for (const pair of this.lines) join(context, ...pair.map(([row, column]) => this.at(row, column)));
    const places = this.points.map(([row, column]) => this.at(row, column));
    places.forEach(([x, y], i) => mark(context, x, y, i, places));
  }

  listen() {
    const { canvas } = this;
    const down = new Map();
    let moved = 0;
    const local = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      if (!down.size) moved = 0;
      down.set(event.pointerId, local(event));
    });
    canvas.addEventListener('pointermove', (event) => {
      if (!down.has(event.pointerId)) return;
      const before = [...down.values()];
      const [x, y] = local(event);
      const [dx, dy] = [x - down.get(event.pointerId)[0], y - down.get(event.pointerId)[1]];
      down.set(event.pointerId, [x, y]);
      moved += Math.abs(dx) + Math.abs(dy);
      if (moved < 4) return;
      canvas.classList.add('dragged');
      if (down.size === 2) {
        const span = (ends) => Math.hypot(ends[0][0] - ends[1][0], ends[0][1] - ends[1][1]) || 1;
        const now = [...down.values()];
        this.zoom(span(now) / span(before), (now[0][0] + now[1][0]) / 2, (now[0][1] + now[1][1]) / 2);
        this.move(dx / 2, dy / 2);
      } else this.move(dx, dy);
    });
    canvas.addEventListener('pointerup', (event) => {
      const pixel = this.bitmap && down.size === 1 && moved < 4 ? this.pixel(...local(event)) : null;
      if (pixel) this.picked(pixel);
    });
    for (const end of ['pointerup', 'pointercancel']) {
      canvas.addEventListener(end, (event) => {
        down.delete(event.pointerId);
        canvas.classList.toggle('dragged', down.size > 0);
      });
    }
    canvas.addEventListener('wheel', (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-Math.max(-1, Math.min(1, event.deltaY / 300))), ...local(event));
    }, { passive: false });
  }
}

/** A thin line between the points of a pair that was added before. */
function join(context, one, two) {
  for (const [colour, width] of [['#000a', 3.5], ['#fffc', 1.5]]) {
    context.strokeStyle = colour;
    context.fillStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(...one);
    context.lineTo(...two);
    context.stroke();
    for (const place of [one, two]) {
      context.beginPath();
      context.arc(...place, 2 + width / 2, 0, 2 * Math.PI);
      context.fill();
    }
  }
}

/** A ring that leaves its pixel free, and a number on the side away from the other point. */
function mark(context, x, y, i, places) {
  const other = places[1 - i] || [x - 1, y + 1];
  const away = Math.hypot(x - other[0], y - other[1]) || 1;
  const [ux, uy] = [(x - other[0]) / away, (y - other[1]) / away];
  const edge = context.canvas.getBoundingClientRect();
  const inside = (value, most) => Math.min(most - 13, Math.max(13, value));
  for (const [colour, width] of [['#000c', 5], [COLOURS[i], 2.5]]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.arc(x, y, 9, 0, 2 * Math.PI);
    context.stroke();
  }
  context.fillStyle = COLOURS[i];
  context.fillRect(x - 1, y - 1, 2, 2);
  const [lx, ly] = [inside(x + 25 * ux, edge.width), inside(y + 25 * uy, edge.height)];
  context.beginPath();
  context.arc(lx, ly, 11, 0, 2 * Math.PI);
  context.fillStyle = COLOURS[i];
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = '#000c';
  context.stroke();
  context.fillStyle = '#111';
  context.font = '700 14px system-ui, sans-serif';
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(String(i + 1), lx, ly + 0.5);
}

function drawLoupe(i, bitmap, point) {
  const canvas = $(`loupe-${i + 1}`);
  const context = canvas.getContext('2d');
  context.clearRect(0, 0, canvas.width, canvas.height);
  $(`at-${i + 1}`).textContent = point ? `Point ${i + 1}: row ${point[0]}, column ${point[1]}` : `Point ${i + 1}`;
  if (!bitmap || !point) return;
  const scale = canvas.width / LOUPE;
  context.imageSmoothingEnabled = false;
  const [row, column] = point;
  context.drawImage(bitmap, ((LOUPE - 1) / 2 - column) * scale, ((LOUPE - 1) / 2 - row) * scale, bitmap.width * scale, bitmap.height * scale);
  const middle = canvas.width / 2;
  for (const [colour, width] of [['#000c', 4], [COLOURS[i], 2]]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(middle + 5 * dx, middle + 5 * dy);
      context.lineTo(middle + 22 * dx, middle + 22 * dy);
    }
    context.stroke();
  }
}

const pictures = new Pictures();
const view = new View($('view'));
const state = { mode: 'answer', busy: true, task: null, since: 0, list: [], at: 0, points: [] };

function message(text) {
  $('message').textContent = text;
  $('message').hidden = !text;
}

function showPicture(bitmap, points, scene, path, lines = []) {
  view.show(bitmap, points, lines);
  [0, 1].forEach((i) => drawLoupe(i, bitmap, points[i]));
  $('scene').textContent = scene;
  $('path').textContent = path.split('/').pop();
}

function enable() {
  const ready = !state.busy && state.task !== null;
  for (const name of ['say-1', 'say-2', 'say-skip', 'say-flag']) $(name).disabled = !ready;
  for (const name of ['undo', 'undo-add']) $(name).disabled = state.busy;
  for (const name of ['previous', 'next']) $(name).disabled = state.busy || shown().length < 2;
  $('save').disabled = state.busy || state.points.length < 2;
  $('clear').disabled = state.busy || !state.points.length;
  document.body.dataset.ready = String(!state.busy);
}

/** Take what the server says of the work, and show what is to be answered next. */
async function receive(answer) {
  const { done, left, waiting } = answer.workload;
  $('who').textContent = answer.annotator;
  $('count').textContent = `${done} answered, ${left} to go`;
  $('progress').setAttribute('aria-valuemax', done + left);
  $('progress').setAttribute('aria-valuenow', done);
  $('progress').firstElementChild.style.width = `${(100 * done) / Math.max(1, done + left)}%`;
  state.task = answer.task;
  state.waiting = waiting;
  if (state.mode === 'answer') await showTask();
}

async function showTask() {
  const { task } = state;
  $('hint').textContent = '';
  if (!task) {
    showPicture(null, [], '', '');
    const rest = state.waiting ? ` ${state.waiting} pairs wait for the answers of others; some may come back to you.` : '';
    message(`There is nothing to answer now.${rest}`);
    return;
  }
  try {
    const bitmap = await pictures.get(task.picture);
    if (state.task !== task || state.mode !== 'answer') return;
    message('');
    showPicture(bitmap, task.points, task.scene, task.path);
  } catch (error) {
    showPicture(null, task.points, task.scene, task.path);
    message(`The picture cannot be shown (${error.message}). Flag the pair, so that it is put aside.`);
  }
  state.since = performance.now();
  if (task.coming !== null) pictures.get(task.coming).catch(() => {});
}

/** Send what was done; it is kept in this tab until the server has it on its disk. */
async function send(path, body) {
  state.busy = true;
  enable();
  sessionStorage.setItem('unsent', JSON.stringify([path, body]));
  try {
    const answer = await insist(path, body);
    sessionStorage.removeItem('unsent');
    await receive(answer);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    sessionStorage.removeItem('unsent');
    if (error.status === 401) return refused(error);
    await receive(await insist('api/task'));
    $('hint').textContent = `Not taken: ${error.message}.`;
  }
  state.busy = false;
  enable();
  return undefined;
}

function refused(error) {
  showPicture(null, [], '', '');
  message(`Not allowed: ${error.message}.`);
}

function say(choice, note = '') {
  if (state.busy || !state.task || state.mode !== 'answer') return;
  const { pair, round } = state.task;
  const seconds = Math.round(performance.now() - state.since) / 1000;
  send('api/answer', { nonce: nonce(), pair, round, choice, seconds, note });
}

async function undo() {
  if (state.busy) return;
  await send('api/undo', { nonce: nonce() });
  if (state.mode === 'add') await load();
}

// Pairs that people find themselves.

const shown = () => state.list.filter((picture) => !$('only').value || picture.scene === $('only').value);

async function load() {
  state.list = (await insist('api/pictures')).pictures;
  const scenes = [...new Set(state.list.map((picture) => picture.scene))].sort();
  const before = $('only').value;
  $('only').replaceChildren(new Option('all', ''), ...scenes.map((scene) => new Option(scene, scene)));
  $('only').value = before;
  await browse(0);
}

async function browse(step) {
  const list = shown();
  if (!list.length) return;
  state.at = (state.at + step + list.length) % list.length;
  state.points = [];
  const picture = list[state.at];
  try {
    const bitmap = await pictures.get(picture.id);
    if (shown()[state.at] !== picture || state.mode !== 'add') return;
    message('');
    showPicture(bitmap, state.points, picture.scene, picture.path, picture.added);
  } catch (error) {
    showPicture(null, [], picture.scene, picture.path);
    message(`The picture cannot be shown (${error.message}).`);
  }
  instruct();
}

function instruct() {
  const list = shown();
  const picture = list[state.at];
  const steps = ['Click the nearer point first.', 'Now click the farther point.', 'Save the pair, or click again to begin anew.'];
  const added = picture && picture.added.length ? ` You added ${picture.added.length} here.` : '';
  $('hint').textContent = `Picture ${state.at + 1} of ${list.length}. ${steps[state.points.length]}${added}`;
  enable();
}

function pick(pixel) {
  if (state.mode !== 'add' || state.busy) return;
  state.points = state.points.length === 2 ? [pixel] : [...state.points, pixel];
  view.points = state.points;
  view.draw();
  [0, 1].forEach((i) => drawLoupe(i, view.bitmap, state.points[i]));
  instruct();
}

async function save() {
  if (state.busy || state.points.length < 2) return;
  const [near, far] = state.points;
  const picture = shown()[state.at];
  await send('api/add', { nonce: nonce(), picture: picture.id, near, far });
  if ($('hint').textContent.startsWith('Not taken')) return;
  picture.added.push([near, far]);
  await browse(0);
}

async function turn(mode) {
  if (state.busy || mode === state.mode) return;
  state.mode = mode;
  state.busy = true;
  enable();
  for (const name of ['answer', 'add']) $(`mode-${name}`).setAttribute('aria-pressed', String(name === mode));
  $('answers').hidden = mode !== 'answer';
  $('adding').hidden = mode !== 'add';
  $('view').classList.toggle('picking', mode === 'add');
  if (mode === 'add') await load();
  else await receive(await insist('api/task'));
  state.busy = false;
  enable();
}

// Buttons and keys.

view.picked = pick;
const clear = () => browse(0);
const flag = () => {
  if (state.busy || !state.task || state.mode !== 'answer') return;
  $('note').value = '';
  $('flag').returnValue = '';
  $('flag').showModal();
};
const actions = {
  'say-1': () => say('1'), 'say-2': () => say('2'), 'say-skip': () => say('skip'), 'say-flag': flag,
  undo, 'undo-add': undo, previous: () => browse(-1), next: () => browse(1), save, clear,
  'zoom-in': () => view.zoom(1.4), 'zoom-out': () => view.zoom(1 / 1.4), 'zoom-pair': () => view.pair(), 'zoom-all': () => view.all(),
  'mode-answer': () => turn('answer'), 'mode-add': () => turn('add'), 'help-open': () => $('help').showModal(),
};
for (const [name, action] of Object.entries(actions)) $(name).addEventListener('click', action);
$('only').addEventListener('change', () => {
  state.at = 0;
  browse(0);
});
$('flag-no').addEventListener('click', () => $('flag').close('no'));
$('flag').addEventListener('close', () => {
  if ($('flag').returnValue === 'flag') say('flag', $('note').value.trim());
});

const anywhere = {
  u: undo, '+': actions['zoom-in'], '=': actions['zoom-in'], '-': actions['zoom-out'], 0: actions['zoom-all'],
  p: actions['zoom-pair'], '?': actions['help-open'],
};
const keys = {
  answer: {
    ...anywhere, 1: actions['say-1'], 2: actions['say-2'], s: actions['say-skip'], f: flag,
    ArrowLeft: () => view.move(60, 0), ArrowRight: () => view.move(-60, 0), ArrowUp: () => view.move(0, 60), ArrowDown: () => view.move(0, -60),
  },
  add: { ...anywhere, ArrowLeft: actions.previous, ArrowRight: actions.next, Enter: save, c: clear },
};
const hide = (hidden) => {
  view.hidden = hidden;
  view.draw();
};
addEventListener('keydown', (event) => {
  if (document.querySelector('dialog[open]') || event.ctrlKey || event.metaKey || event.altKey || event.target.matches('select, textarea')) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  // A button that has the focus is pressed by Enter itself; holding a key answers once.
  if ((key === 'Enter' && event.target.matches('button')) || (event.repeat && !key.startsWith('Arrow') && !'+-='.includes(key))) return;
  if (key === 'h') hide(true);
  else if (keys[state.mode][key]) keys[state.mode][key]();
  else return;
  event.preventDefault();
});
addEventListener('keyup', (event) => {
  if (event.key.toLowerCase() === 'h') hide(false);
});
addEventListener('blur', () => hide(false));

// Pairs on which others differ come back while somebody waits.
async function look() {
  if (state.busy || state.mode !== 'answer' || state.task || !state.entered || document.hidden) return;
  try {
    const answer = await (await ask('api/task')).json();
    if (!state.busy && state.mode === 'answer' && !state.task) {
      await receive(answer);
      enable();
    }
  } catch {
    // The next look will tell.
  }
}
setInterval(look, IDLE_MS);
addEventListener('focus', look);

// What was under way when this tab was reloaded comes first.
(async () => {
  const unsent = sessionStorage.getItem('unsent');
  try {
    if (unsent) await send(...JSON.parse(unsent));
    else await receive(await insist('api/task'));
    state.entered = true;
    state.busy = false;
    enable();
  } catch (error) {
    refused(error);
  }
})();
