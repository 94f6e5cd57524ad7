// Parts of a page that are kept fresh: elements with an id and data-refresh take what the server shows for the same
// address now. It happens
// - when something changes in the sandbox that an element names in data-changes, "*" for any;
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

// refresh asks for the page again. A newer refresh ends an older one. It returns the status of the answer, 0 for none.
// A page that the server does not have any more is shown as the server shows it, unless it is to stay.
export async function refresh({ stay = false } = {}) {
  asking?.abort();
  const mine = (asking = new AbortController());
  try {
    const response = await fetch(location.href, { signal: mine.signal });
    if (response.ok) take(await response.text());
    else if (!leaving && !stay) location.reload(); // what the page is about is gone: let the server say so
    return response.status;
  } catch {
    return 0; // aborted, or without a connection: it is asked for again when the server is back
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
  const proof = fresh.querySelector("input[name=csrf]")?.value; // another one after a restart
  if (proof) for (const field of document.querySelectorAll("input[name=csrf]")) field.value = proof;
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

// A page that nobody looks at waits until somebody does.
let due; // the refresh to come
let missed = false; // whether something changed while nobody looked
const follows = (ids) => {
  const named = document.querySelector("[data-changes]")?.dataset.changes;
  return named && (!ids || named === "*" || ids.includes(named));
};
const followed = (ids) => {
  if (!follows(ids)) return;
  if (document.hidden) return (missed = true);
  due ??= setTimeout(() => {
    due = undefined;
    missed = false;
    refresh();
  }, refreshDelay);
};
document.addEventListener("live", () => followed());
document.addEventListener("changed", (event) => followed(event.detail));
document.addEventListener("visibilitychange", () => missed && followed());

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
