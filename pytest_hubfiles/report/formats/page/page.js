"use strict";
const form = document.getElementById("filters");

/** Show what is of a chosen severity and version, and say how much that is. */
function filter() {
  const chosen = (name) => new Set([...form.querySelectorAll(`[name=${name}]:checked`)].map((box) => box.value));
  const severities = chosen("severity"), versions = chosen("version");
  let shown = 0, total = 0;
  for (const element of document.querySelectorAll("[data-severity]")) {
    const matches =
      versions.has(element.dataset.version) && element.dataset.severity.split(" ").some((one) => severities.has(one));
    element.hidden = !matches;
    if ("finding" in element.dataset) {
      total += 1;
      shown += matches ? 1 : 0;
    }
  }
  const noun = total === 1 ? "finding" : "findings";
  document.getElementById("shown").textContent = shown === total ? `${total} ${noun}` : `${shown} of ${total} ${noun}`;
  document.getElementById("none").hidden = shown > 0;
}

/** Copy *text*; where the browser gives no clipboard to a page from a file, the old way still works. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button.copy");
  if (button === null) return;
  const done = await copy(button.dataset.copy);
  const hint = button.querySelector(".hint");
  hint.textContent = done ? "copied" : "not possible";
  button.classList.toggle("done", done);
  document.getElementById("status").textContent = done ? `Copied ${button.dataset.copy}` : "Copying is not possible";
  button.focus();
  setTimeout(() => {
    hint.textContent = "copy";
    button.classList.remove("done");
  }, 2000);
});

if (form !== null) {
  form.hidden = false;
  form.addEventListener("change", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  filter(); // a browser may keep the boxes of the last visit
}
const contents = document.getElementById("contents");
if (contents !== null) contents.open = matchMedia("(min-width: 70rem)").matches;
