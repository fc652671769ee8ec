// Tables whose rows unfold. A row stays the same element from one snapshot to the next, so that what is
// unfolded, focused or selected stays so.
import { element, nameOf, setText } from './dom.mjs';

/** `columns(item)` answers the cells' texts or nodes, `details(item)` the parts that a row unfolds to. */
export function makeTable(table, kind, columns, details) {
  const rows = new Map();
  const empty = element('tbody', {}, emptyRow(table));

  function makeRow(item) {
    const name = element('button', { class: 'toggle', type: 'button', 'aria-expanded': 'false' });
    const id = element('span', { class: 'id' });
    const cells = columns(item).map(({ number }) =>
      element('td', number ? { class: 'number' } : {}),
    );
    const line = element('tr', { class: 'row' }, element('td', {}, name, id), ...cells);
    const inside = element('td', { colspan: cells.length + 1 });
    const body = element('tbody', { 'data-id': item.id }, line);
    const row = { body, name, id, cells, inside, isOpen: false, shown: '' };
    const unfolded = element('tr', { class: 'details' }, inside);
    line.addEventListener('click', () => {
      if (String(window.getSelection()) !== '') return;
      row.isOpen = !row.isOpen;
      name.setAttribute('aria-expanded', String(row.isOpen));
      if (row.isOpen) body.append(unfolded);
      else unfolded.remove();
      updateRow(row, row.item);
    });
    return row;
  }

  function updateRow(row, item) {
    row.item = item;
    setText(row.name, nameOf(item, kind));
    const isNamed = item.name !== `${kind} ${item.id}` && !item.tasks;
    setText(row.id, isNamed ? `#${item.id}` : '');
    columns(item).forEach(({ content }, i) => {
      const text = [content]
        .flat()
        .map((part) => part.outerHTML ?? part)
        .join();
      if (row.cells[i].shown === text) return;
      row.cells[i].shown = text;
      row.cells[i].replaceChildren(...[content].flat());
    });
    if (!row.isOpen) return;
    const parts = details(item);
    const text = JSON.stringify(parts);
    if (row.shown === text) return;
    row.shown = text;
    row.inside.replaceChildren(element('div', { class: 'parts' }, ...parts.map(makePart)));
  }

  return function update(items) {
    const ids = new Set(items.map(({ id }) => id));
    for (const [id, { body }] of rows) {
      if (ids.has(id)) continue;
      body.remove();
      rows.delete(id);
    }
    let last = table.tHead;
    for (const item of items) {
      let row = rows.get(item.id);
      if (row === undefined) rows.set(item.id, (row = makeRow(item)));
      updateRow(row, item);
      if (last.nextElementSibling !== row.body) last.after(row.body);
      last = row.body;
    }
    if (items.length > 0) empty.remove();
    else table.append(empty);
  };
}

function emptyRow(table) {
  const columns = table.tHead.rows[0].cells.length;
  return element('tr', {}, element('td', { colspan: columns, class: 'empty' }, 'None.'));
}

function makePart([title, text]) {
  return element('div', { class: 'part' }, element('h3', {}, title), element('pre', {}, text));
}
