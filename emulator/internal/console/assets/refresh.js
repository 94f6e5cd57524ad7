// Parts of a page that are kept fresh: elements with an id and data-refresh take what the server shows for the same
// address now. It happens
// - when something changes in the sandbox, where an element names a stream of changes in data-changes;
// - while one types into a form with data-filter, whose fields are the address's query;
// - after the change of a form with data-in-place, so that the page stays where it is;
// - when another module calls refresh.
// What did not change stays the same element, with its focus and its open <details>. An event "refreshed" of the
// document tells modules that give elements more than HTML does.

const refreshDelay = 400; // ms between two refreshes that nobody asked for

let asking; // the refresh under way
let leaving = false; // whether a form was sent whose answer is the next page

// At the window all listeners of the form had their say.
addEventListener("submit", (event) => (leaving = !event.defaultPrevented));
addEventListener("pageshow", () => (leaving = false));

// refresh asks for the page again. A newer refresh ends an older one.
export async function refresh() {
  asking?.abort();
  const mine = (asking = new AbortController());
  try {
    const response = await fetch(location.href, { signal: mine.signal });
    if (response.ok) take(await response.text());
    else if (!leaving) location.reload(); // what the page is about is gone: let the server say so
  } catch {
    // Aborted, or without a connection: the stream of changes begins anew with an event.
  } finally {
    if (asking === mine) asking = undefined;
  }
}

const parse = (html) => new DOMParser().parseFromString(html, "text/html");

// take puts the fresh parts of a page into this one.
function take(html) {
  const fresh = parse(html);
  for (const part of document.querySelectorAll("[data-refresh][id]")) {
    const other = fresh.getElementById(part.id);
    if (other) morph(part, other);
  }
  say(fresh.querySelector("[data-note]")?.textContent.trim());
  document.dispatchEvent(new Event("refreshed"));
}

// say shows what a change did; nothing to say leaves the last note.
function say(text) {
  const note = document.querySelector("[data-note]");
  if (note && text) note.textContent = text;
}

// refuse shows the page of a change that was refused.
function refuse(main) {
  document.querySelector("main").replaceWith(main);
  main.focus();
}

const kept = ["open", "hidden"]; // attributes that belong to who looks at the page
const idOf = (node) => node.getAttribute?.("id"); // a form's own id can be hidden by a field of that name

// morph makes an element like a fresh one.
function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType !== Node.ELEMENT_NODE || old.nodeName !== fresh.nodeName || idOf(old) !== idOf(fresh)) {
    old.replaceWith(document.importNode(fresh, true));
    return;
  }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !kept.includes(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !kept.includes(name)) old.setAttribute(name, value);
  }
  const wanted = [...fresh.childNodes];
  wanted.forEach((child, i) => {
    const id = idOf(child);
    const same = id && [...old.children].find((other) => idOf(other) === id);
    if (same && same !== old.childNodes[i]) old.insertBefore(same, old.childNodes[i] ?? null);
    const at = old.childNodes[i];
    if (!at) old.append(document.importNode(child, true));
    else if (!id && idOf(at)) at.before(document.importNode(child, true));
    else morph(at, child);
  });
  while (old.childNodes.length > wanted.length) old.lastChild.remove();
}

// Streams of changes. A page that nobody looks at lets go of its connection: browsers have few for each host.
const stream = document.querySelector("[data-changes]")?.dataset.changes;
if (stream) {
  let source, due;
  const follow = () => {
    source?.close();
    source = undefined;
    if (document.hidden) return;
    source = new EventSource(stream);
    source.addEventListener("change", () => {
      due ??= setTimeout(() => {
        due = undefined;
        refresh();
      }, refreshDelay);
    });
  };
  document.addEventListener("visibilitychange", follow);
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", follow);
}

for (const form of document.querySelectorAll("form[data-filter]")) {
  let typed;
  const filter = () => {
    const query = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...query]) if (value === "") query.delete(name);
    history.replaceState(history.state, "", `${location.pathname}?${query}`);
    refresh();
  };
  form.addEventListener("input", () => {
    clearTimeout(typed);
    typed = setTimeout(filter, 120);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(typed);
    filter();
  });
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-in-place]")) return;
  event.preventDefault();
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  try {
    const response = await fetch(form.getAttribute("action"), {
      method: "POST",
      body: new URLSearchParams(new FormData(form, event.submitter)),
    });
    const html = await response.text();
    if (response.ok) take(html);
    else refuse(parse(html).querySelector("main"));
  } catch {
    say("The console does not answer: nothing was changed that it knows of.");
  } finally {
    form.removeAttribute("aria-busy");
  }
});
