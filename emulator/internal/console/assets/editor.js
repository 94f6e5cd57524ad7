// The editor of a scenario: line numbers, checking while one types, and a draft that survives a look elsewhere.
const form = document.querySelector("[data-editor]");
if (form) edit(form.elements.source, form.querySelector("[data-gutter]"), form.querySelector("[data-verdict]"));

function edit(text, gutter, verdict) {
  let last = text.value; // what was checked last
  let due, asking;

  gutter.hidden = false;
  text.addEventListener("scroll", () => (gutter.scrollTop = text.scrollTop));
  text.addEventListener("input", () => {
    keep();
    number();
    clearTimeout(due);
    due = setTimeout(check, 250);
  });
  verdict.addEventListener("click", (event) => {
    const link = event.target.closest("[data-line]");
    if (!link) return;
    event.preventDefault();
    go(+link.dataset.line, +link.dataset.column);
  });
  draft();
  number();

  // check asks the server; a newer text ends an older question.
  async function check() {
    asking?.abort();
    if (text.value === last) return;
    asking = new AbortController();
    const asked = text.value;
    try {
      const response = await fetch(form.dataset.editor, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        signal: asking.signal,
      });
      if (!response.ok) throw new Error(await response.text());
      verdict.innerHTML = await response.text();
      last = asked;
    } catch (error) {
      if (error.name === "AbortError") return;
      verdict.textContent = error instanceof TypeError ? "The console does not answer: not checked." : error.message;
    }
    number();
  }

  // number writes the line numbers, with a mark where problems are.
  function number() {
    const problems = new Map();
    for (const link of verdict.querySelectorAll("[data-line]")) problems.set(+link.dataset.line, link.parentElement.textContent.trim());
    const lines = text.value.split("\n").length;
    gutter.replaceChildren();
    for (let n = 1; n <= lines; n++) {
      const line = document.createElement(problems.has(n) ? "mark" : "span");
      line.textContent = n;
      if (problems.has(n)) line.title = problems.get(n);
      gutter.append(line, "\n");
    }
    gutter.scrollTop = text.scrollTop;
    if (problems.size > 0) text.setAttribute("aria-invalid", "true");
    else text.removeAttribute("aria-invalid");
  }

  // go moves the caret to a place counted from 1, in characters as the server counts them.
  function go(line, column) {
    const lines = text.value.split("\n");
    const before = lines.slice(0, line - 1).reduce((sum, l) => sum + l.length + 1, 0);
    const at = before + [...(lines[line - 1] ?? "")].slice(0, column - 1).join("").length;
    text.focus();
    text.setSelectionRange(at, at);
    text.scrollTop = Math.max(0, (line - 4) * parseFloat(getComputedStyle(text).lineHeight));
  }

  function keep() {
    sessionStorage.setItem(draftKey(), text.value);
  }

  function draftKey() {
    return `draft ${["from", "own", "call"].map((name) => form.elements[name].value).join(" ").trim()}`;
  }

  // draft brings back what was written on this page before one looked at another.
  function draft() {
    if (!("fresh" in form.dataset)) return keep(); // the server sent back what was written: that is the draft
    const anew = form.querySelector("[data-anew]");
    const kept = sessionStorage.getItem(draftKey());
    if (kept === null || kept === text.value) return;
    text.value = kept;
    check();
    anew.hidden = false;
    anew.addEventListener("click", () => {
      anew.hidden = true;
      text.value = text.defaultValue;
      sessionStorage.removeItem(draftKey());
      number();
      check();
      text.focus();
    });
  }
}
