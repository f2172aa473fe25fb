// Tables of text, which are changed in place: what a reader has focused or selected stays where it is.

// A cell is a text, or { text, press, label, kind }: with `press` a button.
function put(cell, content) {
  const given = typeof content === "object" ? content : { text: content };
  cell.className = given.kind ?? "";
  if (!given.press) {
    if (cell.textContent !== given.text || cell.firstElementChild) cell.textContent = given.text;
    return;
  }
  let button = cell.firstElementChild;
  if (!button) {
    cell.textContent = "";
    button = cell.appendChild(document.createElement("button"));
    button.type = "button";
  }
  if (button.textContent !== given.text) button.textContent = given.text;
  button.setAttribute("aria-label", given.label);
  button.onclick = given.press;
}

function fit(parent, count, tag) {
  while (parent.children.length > count) parent.lastElementChild.remove();
  while (parent.children.length < count) parent.appendChild(document.createElement(tag));
  return [...parent.children];
}

// Shows rows below a heading; `current` is the place of the row that is chosen, `named` whether first cells are names.
export function grid(container, caption, head, rows, { current = -1, named = false } = {}) {
  let table = container.querySelector("table");
  const shape = `${head.length} ${named}`;
  if (table?.dataset.shape !== shape) {
    table?.remove();
    table = document.createElement("table");
    table.dataset.shape = shape;
    table.append(document.createElement("caption"), document.createElement("thead"), document.createElement("tbody"));
    table.caption.className = "unseen";
    container.append(table);
  }
  table.caption.textContent = caption;
  const [top] = fit(table.tHead, head.some(Boolean) ? 1 : 0, "tr");
  if (top) {
    fit(top, head.length, "th").forEach((cell, at) => {
      cell.scope = "col";
      put(cell, head[at]);
    });
  }
  fit(table.tBodies[0], rows.length, "tr").forEach((row, place) => {
    if (place === current) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
    while (row.children.length > rows[place].length) row.lastElementChild.remove();
    rows[place].forEach((content, at) => {
      let cell = row.children[at];
      if (!cell) {
        cell = row.appendChild(document.createElement(named && at === 0 ? "th" : "td"));
        if (cell.tagName === "TH") cell.scope = "row";
      }
      put(cell, content);
    });
  });
}

// Pairs of a term and its value.
export function tiles(list, pairs) {
  fit(list, pairs.length, "div").forEach((tile, at) => {
    const [term, value] = tile.children.length ? tile.children
      : [tile.appendChild(document.createElement("dt")), tile.appendChild(document.createElement("dd"))];
    if (term.textContent !== pairs[at][0]) term.textContent = pairs[at][0];
    if (value.textContent !== pairs[at][1]) value.textContent = pairs[at][1];
  });
}
