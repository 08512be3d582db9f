// The cards, and which of them are shown.

/** Fill in a picture when it comes near the window: five hundred at once would take long. */
const lazy = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      lazy.unobserve(entry.target);
      for (const image of entry.target.querySelectorAll('img')) image.src = dataUri(image.dataset.block);
    }
  },
  { rootMargin: '600px' },
);

function block(name) {
  const element = document.getElementById(name);
  return element === null ? null : element.textContent;
}

function dataUri(name) {
  return `data:image/webp;base64,${block(name)}`;
}

function made(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** What there is to say of a picture in a few words. */
function inShort(facts) {
  if (facts.reason) return facts.reason;
  if (!facts.kind) return facts.painted ? 'colours only, no values' : 'no depth';
  if (!facts.known) return 'no depth is known';
  const metric = facts.kind === 'metric';
  const [least, greatest] = facts.limits.map((value) => told(value, metric));
  return metric ? `${least.replace(' m', '')} to ${greatest}` : `disparity ${least} to ${greatest}`;
}

function card(facts, open) {
  const frame = made('span', { className: 'frame' });
  const [width, height] = facts.size;
  frame.style.aspectRatio = `${width} / ${height}`;
  frame.classList.add(3 * width < 4 * height ? 'high' : 'wide');
  if (facts.depthThumbnail) frame.append(thumbnail(`small-depth-${facts.id}`, ''));
  if (facts.thumbnail) frame.append(thumbnail(`small-${facts.id}`, facts.depthThumbnail ? 'front' : ''));
  if (facts.thumbnail && facts.depthThumbnail) {
    frame.classList.add('both');
    frame.addEventListener('pointermove', (event) => {
      if (event.pointerType !== 'mouse') return;
      const box = frame.getBoundingClientRect();
      frame.style.setProperty('--at', `${(100 * (event.clientX - box.left)) / box.width}%`);
    });
    frame.addEventListener('pointerleave', () => frame.style.removeProperty('--at'));
  }
  const words = made('span', { className: 'words' }, made('b', { textContent: facts.name }), made('small', { textContent: inShort(facts) }));
  const button = made('button', { type: 'button', className: 'card', title: facts.name }, made('span', { className: 'mount' }, frame), words);
  button.addEventListener('click', () => open(facts.id));
  lazy.observe(button);
  return button;
}

function thumbnail(name, className) {
  // The name beside it says what it is; a text here would be read twice.
  const image = made('img', { className, alt: '', decoding: 'async', draggable: false });
  image.dataset.block = name;
  return image;
}

const ORDERS = {
  order: (a, b) => a.id - b.id,
  name: (a, b) => b.name.localeCompare(a.name, undefined, { numeric: true }),
  near: (a, b) => nearest(a) - nearest(b),
  far: (a, b) => farthest(b) - farthest(a),
};

/** The least depth; of disparity, which has no scale, pictures come after all metres. */
function nearest(facts) {
  if (!facts.kind) return Infinity;
  return facts.kind === 'metric' ? facts.limits[0] : 1e9 - facts.limits[1];
}

function farthest(facts) {
  if (!facts.kind) return -Infinity;
  return facts.kind === 'metric' ? facts.limits[1] : -facts.limits[0];
}

class Grid {
  constructor(pictures, open) {
    this.pictures = pictures;
    this.cards = pictures.map((facts) => card(facts, open));
    this.shown = pictures;
    this.filter = document.getElementById('filter');
    this.sort = document.getElementById('sort');
    this.filter.addEventListener('input', () => this.arrange());
    this.sort.addEventListener('change', () => this.arrange());
    this.arrange();
  }

  arrange() {
    const wanted = this.filter.value.trim().toLocaleLowerCase();
    this.shown = this.pictures
      .filter((facts) => facts.name.toLocaleLowerCase().includes(wanted))
      .sort(ORDERS[this.sort.value]);
    document.getElementById('grid').replaceChildren(...this.shown.map((facts) => this.cards[facts.id]));
    document.getElementById('count').textContent = wanted ? `${this.shown.length} of ${this.pictures.length}` : '';
    document.getElementById('nothing').hidden = this.shown.length > 0 || !this.pictures.length;
  }

  focus(id) {
    this.cards[id].focus();
  }

  /** The picture that many places after one, in the order shown, round the ends. */
  beside(id, step) {
    const at = this.shown.findIndex((facts) => facts.id === id);
    if (at < 0 || !this.shown.length) return id;
    return this.shown[(at + step + this.shown.length) % this.shown.length].id;
  }
}
