// The page as a whole.

const report = JSON.parse(block('data'));

function tell(name, rows, heading) {
  const element = document.getElementById(name);
  element.hidden = !rows.length;
  if (heading) element.querySelector('summary').textContent = heading;
  element.querySelector('dl').append(
    ...rows.flatMap(([term, text]) => [made('dt', { textContent: term }), made('dd', { textContent: text })]),
  );
}

document.getElementById('title').textContent = report.title;
document.getElementById('summary').textContent = report.summary;
const notes = document.getElementById('notes');
notes.hidden = !report.notes.length;
notes.append(...report.notes.map((text) => made('li', { textContent: text })));
tell('settings', report.settings);
tell('failures', report.failed, `${report.failed.length} failed`);
document.getElementById('tools').hidden = report.pictures.length < 2;

document.getElementById('theme').addEventListener('click', () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
});

// The address tells which picture is open, so that it can be kept, and "back" closes it.
const grid = new Grid(report.pictures, (id) => {
  location.hash = `picture=${id + 1}`;
});
const viewer = new Viewer(
  report.pictures,
  bytesOf(report.table),
  (id, step) => grid.beside(id, step),
  (id) => {
    if (location.hash) history.replaceState(null, '', location.href.split('#')[0]);
    if (id !== null) grid.focus(id);
  },
);

function follow() {
  const found = /^#picture=(\d+)$/.exec(location.hash);
  const id = found ? Number(found[1]) - 1 : -1;
  if (id in report.pictures) viewer.show(id);
  else if (document.getElementById('viewer').open) document.getElementById('viewer').close();
}

addEventListener('hashchange', follow);
// What a picture needs comes behind this script.
if (document.readyState === 'loading') addEventListener('DOMContentLoaded', follow);
else follow();
