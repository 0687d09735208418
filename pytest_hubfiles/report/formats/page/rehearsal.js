const matrix = document.getElementById("matrix");
if (matrix !== null) {
  const quiet = document.getElementById("quiet"), unfold = document.getElementById("unfold");
  const detail = document.getElementById("detail");
  const bodies = [...matrix.tBodies];
  let current = null;

  /** Show the changes of the places that are open, and what breaks no test if that is wanted. */
  const arrange = () => {
    for (const body of bodies) {
      body.hidden = body.classList.contains("quiet") && !quiet.checked;
      const [first, ...changes] = body.rows;
      if (!first.classList.contains("place")) continue;
      const open = "open" in body.dataset;
      first.cells[0].setAttribute("aria-expanded", open);
      for (const row of changes) row.hidden = !open || (row.classList.contains("quiet") && !quiet.checked);
    }
    if (current !== null && !current.checkVisibility()) current = null;
    current ??= seen()[0]?.cells[1] ?? null;
    if (current !== null) current.tabIndex = 0;
  };
  const seen = () => bodies.filter((body) => !body.hidden).flatMap((body) => [...body.rows].filter((row) => !row.hidden));
  const openAll = () => bodies.forEach((body) => unfold.checked ? (body.dataset.open = "") : delete body.dataset.open);

  /** Say what one test comes to with one change, or with all of a place. */
  const say = (cell) => {
    const row = cell.parentElement, head = matrix.tHead.rows[0].cells[cell.cellIndex];
    const element = (name, text, of) => Object.assign(document.createElement(name), { textContent: text, className: of ?? "" });
    const parts = [element("code", cell.cellIndex > 0 ? head.title : row.dataset.name)];
    if (cell.cellIndex > 0 && !cell.dataset.breaks) {
      const legend = document.querySelector(`.legend [data-state="${cell.classList[0] ?? ""}"] .words`);
      const changes = row.dataset.changes ? ` (${row.dataset.changes} changes)` : "";
      const words = legend === null ? "its recording does not allow this:" : `${legend.textContent}:`;
      parts.push(element("b", words), element("code", row.dataset.name), document.createTextNode(changes));
    }
    const what = element("p", "", "what");
    what.append(...parts);
    const list = element("ol", "", "list");
    for (const number of cell.dataset.breaks?.split(" ") ?? []) {
      const item = document.getElementById(`b${number}`).cloneNode(true);
      item.removeAttribute("id");
      list.append(item);
    }
    detail.replaceChildren(what, list);
    detail.scrollIntoView({ block: "nearest" });
  };
  const go = (cell) => {
    if (current !== null) current.tabIndex = -1;
    current = cell;
    cell.tabIndex = 0;
    cell.focus();
  };
  const toggle = (row) => {
    if (!row.classList.contains("place")) return;
    const body = row.parentElement;
    if ("open" in body.dataset) delete body.dataset.open;
    else body.dataset.open = "";
    arrange();
  };

  matrix.addEventListener("focusin", (event) => {
    const cell = event.target.closest("tbody th, tbody td");
    if (cell !== null) say(cell);
  });
  matrix.addEventListener("click", (event) => {
    const cell = event.target.closest("tbody th, tbody td");
    if (cell === null) return;
    go(cell);
    if (cell.tagName === "TH") toggle(cell.parentElement);
  });
  matrix.addEventListener("keydown", (event) => {
    const cell = event.target.closest("tbody th, tbody td");
    if (cell === null || event.altKey || event.metaKey) return;
    const rows = seen(), row = rows.indexOf(cell.parentElement), last = cell.parentElement.cells.length - 1;
    const at = (y, x) => rows[Math.min(Math.max(y, 0), rows.length - 1)].cells[Math.min(Math.max(x, 0), last)];
    const column = cell.cellIndex, far = event.ctrlKey;
    const moves = {
      ArrowUp: () => go(at(row - 1, column)),
      ArrowDown: () => go(at(row + 1, column)),
      ArrowLeft: () => go(at(row, column - 1)),
      ArrowRight: () => go(at(row, column + 1)),
      Home: () => go(at(far ? 0 : row, 0)),
      End: () => go(at(far ? rows.length - 1 : row, last)),
      Enter: () => toggle(cell.parentElement),
      " ": () => toggle(cell.parentElement),
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    moves[event.key]();
  });
  quiet.addEventListener("change", arrange);
  unfold.addEventListener("change", () => {
    openAll();
    arrange();
  });

  matrix.setAttribute("role", "grid");
  matrix.parentElement.removeAttribute("tabindex");
  for (const cell of matrix.querySelectorAll("tbody th, tbody td")) cell.tabIndex = -1;
  document.getElementById("tools").hidden = false;
  quiet.checked ||= bodies.every((body) => body.classList.contains("quiet"));
  openAll();
  arrange();
}
