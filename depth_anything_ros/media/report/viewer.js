// One picture, large: a divider between picture and depth, values under the pointer, the cloud.

const FINGERS = matchMedia('(pointer: coarse)').matches;
const HINT = FINGERS ? '' : 'N and P: next and previous · C: cloud · Esc: close';
const TURN = FINGERS
  ? 'One finger turns, two zoom and move.'
  : 'Drag turns, the wheel zooms, shift and drag moves; also arrow keys, + and -.';

class Viewer {
  /** `beside(id, step)` gives the next picture, `closed(id)` is told which one was the last. */
  constructor(pictures, table, beside, closed) {
    Object.assign(this, { pictures, table, beside });
    this.parts = Object.fromEntries(
      ['viewer', 'name', 'place', 'stage', 'depth', 'picture', 'cross', 'divider', 'cloud', 'message', 'value', 'scale',
        'near', 'far', 'colours', 'mark', 'cloud-tools', 'filled', 'ramps', 'by-depth', 'hint', 'flat', 'space', 'room',
      ].map((name) => [name, document.getElementById(name)]),
    );
    this.at = 50;
    this.inSpace = false;
    this.id = null;
    this.listen();
    this.parts.viewer.addEventListener('close', () => {
      const { id } = this;
      this.id = null;
      closed(id);
    });
    new ResizeObserver(() => this.fit()).observe(this.parts.room);
  }

  async show(id) {
    const { parts } = this;
    const facts = this.pictures[id];
    this.id = id;
    this.facts = facts;
    this.map = null;
    const opening = !parts.viewer.open;
    if (opening) parts.viewer.showModal();
    parts.name.textContent = facts.name;
    parts.place.textContent = `${id + 1} of ${this.pictures.length}`;
    parts.space.textContent = facts.kind === 'relative' ? 'Relief' : 'Cloud';
    parts.space.disabled = !facts.known;
    parts.picture.hidden = !facts.picture;
    parts.depth.hidden = !facts.kind && !facts.painted;
    parts.divider.hidden = parts.picture.hidden || parts.depth.hidden;
    this.unit = facts.kind === 'metric' ? '' : 'disparity, no unit';
    this.say('');
    this.fit();
    this.move(this.at);
    if (facts.picture) {
      parts.picture.src = dataUri(`picture-${id}`);
      parts.picture.alt = `The picture ${facts.name}`;
    } else parts.picture.removeAttribute('src');
    if (facts.kind) await this.decode(id, facts);
    else if (facts.painted) await this.drawPainted(id);
    if (this.id !== id) return;
    this.explain();
    this.view(this.inSpace && Boolean(facts.known));
    if (opening) (parts.divider.hidden ? parts.cross : parts.divider).focus({ preventScroll: true });
  }

  async decode(id, facts) {
    try {
      const codes = await unpacked(block(`depth-${id}`), ...facts.grid);
      const ramps = facts.kind === 'metric' ? await inflated(bytesOf(block(`ramps-${id}`))) : null;
      if (this.id !== id) return;
      this.map = new DepthMap(facts, codes, ramps);
    } catch (error) {
      this.say(`The depth in this file cannot be read: ${error.message}. It needs a browser from 2023 or later.`);
      return;
    }
    this.map.paint(this.parts.depth, this.table);
    this.parts.depth.setAttribute('aria-label', `Depth of ${facts.name}, ${inShort(facts)}`);
  }

  async drawPainted(id) {
    const image = new Image();
    image.src = dataUri(`depth-${id}`);
    await image.decode();
    if (this.id !== id) return;
    const { depth } = this.parts;
    [depth.width, depth.height] = [image.naturalWidth, image.naturalHeight];
    depth.getContext('2d').drawImage(image, 0, 0);
    depth.setAttribute('aria-label', `Depth of ${this.facts.name} in colours, without values`);
  }

  /** Colours and their limits, and what there is to say where there is no depth. */
  explain() {
    const { parts, facts, map } = this;
    parts.scale.hidden = !map || !facts.known;
    if (facts.reason || (!facts.kind && !facts.painted && !facts.picture)) this.say(facts.reason || 'Nothing to show.');
    parts.value.textContent = facts.kind || facts.reason ? '' : inShort(facts);
    if (!map) return;
    const [far, near] = facts.colours;
    const end = (nearness) => (map.metric ? (nearness > 0 ? told(1 / nearness, true) : 'far') : told(nearness, false));
    parts.near.textContent = `near ${end(near)}`;
    parts.far.textContent = `${end(far)} far`;
    const context = parts.colours.getContext('2d');
    const image = context.createImageData(256, 1);
    for (let i = 0; i < 256; i += 1) {
      for (let c = 0; c < 3; c += 1) image.data[4 * i + c] = this.table[3 * i + c];
      image.data[4 * i + 3] = 255;
    }
    context.putImageData(image, 0, 0);
    parts.colours.setAttribute('aria-label', `Colours from near, ${end(near)}, to far, ${end(far)}`);
    parts.value.textContent = `${FINGERS ? 'Tap' : 'Point at'} a pixel for its ${map.metric ? 'depth' : 'disparity'}`;
    parts.mark.hidden = true;
  }

  say(text) {
    this.parts.message.textContent = text;
    this.parts.message.hidden = !text;
  }

  /** Make the stage as large as the window allows, with the picture's aspect. */
  fit() {
    if (!this.facts) return;
    const [width, height] = this.facts.size;
    const { clientWidth, clientHeight } = this.parts.room;
    const factor = Math.min(clientWidth / width, clientHeight / height);
    this.parts.stage.style.width = `${Math.max(1, width * factor)}px`;
    this.parts.stage.style.height = `${Math.max(1, height * factor)}px`;
  }

  /** Cover that share of the depth, in percent, by the picture. */
  move(at) {
    const { parts } = this;
    this.at = Math.min(100, Math.max(0, at));
    parts.divider.style.left = `${this.at}%`;
    parts.divider.setAttribute('aria-valuenow', Math.round(this.at));
    parts.divider.setAttribute('aria-valuetext', `${Math.round(this.at)} percent picture`);
    parts.picture.style.clipPath = parts.divider.hidden ? 'none' : `inset(0 ${100 - this.at}% 0 0)`;
  }

  /** Tell the value at a place of the picture, coordinates from 0 to 1. */
  probe(x, y, shown) {
    const { parts, map } = this;
    parts.cross.style.setProperty('--x', x);
    parts.cross.style.setProperty('--y', y);
    parts.cross.classList.toggle('shown', shown);
    this.spot = [x, y];
    if (!map) return;
    const code = map.codeAt(x, y);
    const [column, row] = map.pixelAt(x, y);
    const unit = code > UNKNOWN && code <= LAST && this.unit ? `${this.unit} · ` : '';
    parts.value.replaceChildren(
      made('span', { textContent: map.words(code) }),
      ' ',
      made('small', { textContent: `${unit}x ${column}, y ${row}` }),
    );
    const share = map.share(code);
    parts.mark.hidden = share === null;
    parts.mark.style.left = `${100 * (1 - share)}%`;
  }

  view(inSpace) {
    const { parts, map } = this;
    parts.flat.setAttribute('aria-pressed', !inSpace);
    parts.space.setAttribute('aria-pressed', inSpace);
    parts.stage.hidden = inSpace;
    parts.cloud.hidden = !inSpace;
    parts['cloud-tools'].hidden = !inSpace;
    parts.value.hidden = inSpace;
    parts.hint.textContent = HINT;
    if (!inSpace || !map) return;
    parts.hint.textContent = `${this.cameraWords()} ${TURN}`;
    parts.cloud.setAttribute('aria-label', `${map.metric ? 'Points of' : 'Relief of'} ${this.facts.name}: arrow keys turn, plus and minus zoom, 0 resets`);
    try {
      this.cloud ??= new Cloud(parts.cloud);
    } catch (error) {
      this.say(error.message);
      return;
    }
    this.drawCloud(false);
  }

  cameraWords() {
    if (!this.map.metric) return 'A relief without scale: how far things stand out is disparity, not metres.';
    const told = { calibration: 'a calibration', fov: 'a given field of view', exif: 'EXIF', file: 'the depth file' };
    const by = told[this.facts.cameraFrom];
    return by ? `Metres; the camera is told by ${by}.` : 'Metres; the camera is not known, 60 degrees are assumed.';
  }

  async drawCloud(keep) {
    const { parts, map, id } = this;
    const canvas = made('canvas', { width: map.width, height: map.height });
    if (parts['by-depth'].checked || !this.facts.picture) map.paint(canvas, this.table);
    else {
      await parts.picture.decode();
      if (this.id !== id) return;
      canvas.getContext('2d', { willReadFrequently: true }).drawImage(parts.picture, 0, 0, map.width, map.height);
    }
    const colours = canvas.getContext('2d', { willReadFrequently: true }).getImageData(0, 0, map.width, map.height);
    this.cloud.filled = parts.filled.checked;
    this.cloud.show(map, colours.data, parts.ramps.checked, keep);
  }

  switchView(inSpace) {
    if (inSpace && !this.facts.known) return;
    this.inSpace = inSpace;
    if (inSpace && !this.map) return; // show() goes on when the depth is there
    this.view(inSpace);
    if (inSpace) this.parts.cloud.focus({ preventScroll: true });
  }

  listen() {
    const { parts } = this;
    const go = (step) => {
      location.replace(`#picture=${this.beside(this.id, step) + 1}`);
    };
    document.getElementById('close').addEventListener('click', () => parts.viewer.close());
    document.getElementById('next').addEventListener('click', () => go(1));
    document.getElementById('previous').addEventListener('click', () => go(-1));
    parts.flat.addEventListener('click', () => this.switchView(false));
    parts.space.addEventListener('click', () => this.switchView(true));
    for (const name of ['filled', 'ramps', 'by-depth']) parts[name].addEventListener('change', () => this.cloud && this.drawCloud(true));
    document.getElementById('reset').addEventListener('click', () => this.cloud && this.cloud.reset());
    this.listenToPointer();
    parts.divider.addEventListener('keydown', (event) => {
      const step = event.shiftKey ? 10 : 2;
      const to = { ArrowLeft: this.at - step, ArrowRight: this.at + step, ArrowDown: this.at - step, ArrowUp: this.at + step, Home: 0, End: 100 }[event.key];
      if (to === undefined) return;
      this.move(to);
      event.preventDefault();
      event.stopPropagation();
    });
    parts.cross.addEventListener('keydown', (event) => {
      const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!by || !this.map) return;
      const [x, y] = this.spot || [0.5, 0.5];
      const step = event.shiftKey ? 10 : 1;
      const inside = (value) => Math.min(1, Math.max(0, value));
      this.probe(inside(x + (by[0] * step) / this.map.width), inside(y + (by[1] * step) / this.map.height), true);
      event.preventDefault();
      event.stopPropagation();
    });
    parts.viewer.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('input')) return;
      const keys = {
        n: () => go(1), p: () => go(-1), c: () => this.switchView(!this.inSpace),
        ArrowRight: () => go(1), ArrowLeft: () => go(-1), PageDown: () => go(1), PageUp: () => go(-1),
      };
      const does = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (does) {
        does();
        event.preventDefault();
      }
    });
  }

  /** Pointing tells values; pressing and dragging moves the divider; a tap of a finger does not. */
  listenToPointer() {
    const { stage, divider, cross } = this.parts;
    const places = (event) => {
      const box = stage.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    };
    let pressed = null;
    stage.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      const [x, y] = places(event);
      pressed = { x: event.clientX, moved: event.target.closest('#divider') !== null, offset: this.at - 100 * x };
      stage.setPointerCapture(event.pointerId);
      if (!pressed.moved) this.probe(x, y, event.pointerType !== 'mouse');
      if (divider.hidden) pressed = null;
    });
    stage.addEventListener('pointermove', (event) => {
      const [x, y] = places(event);
      if (pressed && (pressed.moved || Math.abs(event.clientX - pressed.x) > 6)) {
        if (!pressed.moved) pressed.offset = 0;
        pressed.moved = true;
        this.move(100 * x + pressed.offset);
      }
      if (x >= 0 && x <= 1 && y >= 0 && y <= 1) this.probe(x, y, false);
    });
    for (const end of ['pointerup', 'pointercancel']) {
      stage.addEventListener(end, () => {
        pressed = null;
      });
    }
    cross.addEventListener('focus', () => this.spot && cross.matches(':focus-visible') && this.probe(...this.spot, true));
    cross.addEventListener('blur', () => cross.classList.remove('shown'));
  }
}
