// The list of calls: it grows as calls come, changes with the filter, and opens a call beside itself. What it shows
// stands in the address, so that Back, loading again and passing it on all give the same.
import { refresh } from "./refresh.js";
import { wasRestarted } from "./live.js";

const most = 5000; // rows that a page keeps
const size = 50; // rows of a group: the browser lays out only the groups near the window
const pace = 200; // ms between two questions for news
const count = 3000; // ms between two counts of all calls
const besideFrom = matchMedia("(min-width: 70rem)"); // the least width of two columns
const list = document.querySelector("[data-scope]");
const groups = document.querySelector("[data-rows]");
const rows = groups?.getElementsByClassName("call"); // as they are at any time
const [older, empty, survey, state, pause, form, split, beside, lostNote, refusal] = [
  "older", "empty", "survey", "live-state", "pause", "calls-filter", "split", "beside", "lost", "refusal",
].map((name) => document.querySelector(`[data-${name}]`));
if (list) begin();

// inList is the row that the list has already for a call: its id names the call.
const inList = (row) => (row.id ? document.getElementById(row.id) : null);

// parsed are the rows of a text; the server escaped what came from outside.
function parsed(text) {
  const template = document.createElement("template");
  template.innerHTML = text;
  return [...template.content.children];
}

// renew gives a row of the list what a fresh one of the same call says, and lets the keyboard stay where it is.
function renew(row, fresh) {
  row.className = fresh.className;
  [...fresh.children].forEach((cell, i) => {
    if (!row.children[i].isEqualNode(cell)) row.children[i].replaceWith(cell.cloneNode(true));
  });
}

// update renews the rows that the list has of some calls, and no others.
function update(fresh) {
  for (const row of fresh) {
    const old = inList(row);
    if (old) renew(old, row);
  }
}

// leadOn makes the link lead to address, or takes it away.
function leadOn(address) {
  older.href = address;
  older.hidden = address === "";
}

// prepend puts rows above the others.
function prepend(fresh) {
  for (const row of fresh.toReversed()) {
    let group = groups.firstElementChild;
    if (!group || group.childElementCount >= size) {
      group = document.createElement("div");
      group.role = "rowgroup";
      group.className = "group";
      groups.prepend(group);
    }
    group.prepend(row);
  }
}

// tidy takes groups away that have no row any more.
function tidy() {
  for (const group of [...groups.children]) if (!group.firstElementChild) group.remove();
  empty.hidden = rows.length > 0;
}

// trim keeps the page bounded; the rows that go are behind the link again.
function trim() {
  if (rows.length <= most) return;
  let kept = most;
  while (!rows[kept - 1].id) kept--; // a note of skipped calls does not say where the link leads on
  const last = rows[kept - 1];
  for (const row of [...rows].slice(kept)) row.remove();
  leadOn(address({ before: placeOf(last) }));
}

const placeOf = (row) => row.id.replace("call-", "");

// address is that of this page with some fields changed; null takes a field away.
function address(changes) {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
  }
  return url.pathname + url.search;
}

const note = (changes) => history.replaceState(history.state, "", address(changes));

// append puts older calls below the others, in place of the page that the link leads to.
async function append(event) {
  if (rows.length + 200 > most || event.ctrlKey || event.metaKey || event.shiftKey || !list.dataset.news) return;
  event.preventDefault();
  if (older.ariaBusy === "true") return;
  older.ariaBusy = "true";
  const response = await fetch(older.href).catch(() => null);
  if (!response?.ok) return location.assign(older.href); // the browser says what is wrong
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const first = rows.length;
  for (const row of page.querySelectorAll("[data-rows] .call")) if (inList(row)) row.remove();
  groups.append(...page.querySelectorAll("[data-rows] > *"));
  tidy();
  leadOn(page.querySelector("[data-older]").getAttribute("href"));
  older.removeAttribute("aria-busy");
  rows[first]?.querySelector("a").focus({ preventScroll: true }); // the keyboard goes on where the new rows begin
  const last = [...rows].findLast((row) => row.id);
  if (last) note({ reach: placeOf(last) });
}

function begin() {
  let marks = JSON.parse(list.dataset.marks || "{}");
  let paused = list.hasAttribute("data-paused");
  let began = paused; // whether the page was paused when it was loaded: then it does not have what came since
  let waiting = []; // changes that came while paused
  let held = 0; // calls in them
  let all = false; // whether everything is to be asked for
  let back = false; // whether that is because the server could not be asked for a while
  let changed = new Set(); // the sandboxes that are
  let asking = false;
  let counted = performance.now();
  let counting;
  let going; // the change of the filter under way
  let shown = location.href;

  older.addEventListener("click", append);
  document.addEventListener("live", () => {
    all = back = true;
    ask();
    say();
  });
  document.addEventListener("changed", (event) => {
    for (const id of event.detail) changed.add(id);
    ask();
  });
  document.addEventListener("visibilitychange", ask);

  // ask asks for what is new, a few times a second at most. Nobody needs it while the page is hidden: what changed
  // stands in the marks.
  async function ask() {
    const scope = list.dataset.scope;
    const ids = [...changed].filter((id) => scope === "*" || id === scope);
    if (asking || document.hidden || !list.dataset.news || (!all && ids.length === 0)) return;
    asking = true;
    const wanted = all ? [] : ids;
    const known = all ? marks : Object.fromEntries(ids.filter((id) => id in marks).map((id) => [id, marks[id]]));
    const counts = performance.now() - counted > count;
    const whole = back;
    all = back = false;
    changed = new Set();
    const from = list.dataset.news;
    try {
      const response = await fetch(from, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ marks: known, sandboxes: wanted, survey: counts }),
      });
      if (!response.ok) throw new Error(response.status);
      const news = await response.json();
      if (from === list.dataset.news) receive(news, whole);
    } catch {
      all = back = true; // when the server is back
    }
    setTimeout(() => {
      asking = false;
      if (changed.size > 0) ask();
    }, pace);
  }

  function receive(news, whole) {
    for (const id of news.cleared) delete marks[id];
    Object.assign(marks, news.marks);
    news.rows = parsed(news.rows);
    news.updated = parsed(news.updated);
    if (whole) forget(({ dataset: { sandbox, seq } }) => Number(seq) < news.first[sandbox]);
    if (paused) hold(news);
    else show(news);
    if (news.survey) {
      survey.innerHTML = news.survey;
      counted = performance.now();
    } else {
      counting ??= setTimeout(() => { // something changed: calls that the list leaves out count too
        counting = undefined;
        all = true;
        counted = 0;
        ask();
      }, count);
    }
    if (news.clock && news.clock !== list.dataset.clockState) {
      list.dataset.clockState = news.clock;
      refresh();
    }
    say();
  }

  if (pause) {
    pause.hidden = false;
    pause.setAttribute("aria-pressed", paused);
    pause.addEventListener("click", () => {
      paused = !paused;
      pause.setAttribute("aria-pressed", paused);
      note({ paused: paused && rows[0]?.id ? placeOf(rows[0]) : null });
      if (!paused && began) {
        began = false;
        go(location.href, "replace");
      } else if (!paused) waiting.forEach(show);
      waiting = [];
      held = 0;
      say();
    });
  }

  function say() {
    if (!state) return;
    const off = document.documentElement.dataset.live === "off";
    const text = off ? "No connection" : paused ? `Paused, ${held} waiting` : "Live";
    if (state.textContent !== text) state.textContent = text;
  }
  new MutationObserver(say).observe(document.documentElement, { attributeFilter: ["data-live"] });

  // hold keeps a change for later, without the rows that the page would not keep anyway.
  function hold(change) {
    waiting.push(change);
    held += change.skipped + change.rows.filter((row) => row.id && !inList(row)).length;
    let kept = 0;
    for (const each of waiting.toReversed()) {
      if (kept > most) each.rows = each.updated = [];
      kept += each.rows.length;
    }
  }

  function show(change) {
    let gone = 0;
    for (const box of change.cleared) gone += forget((row) => row.dataset.sandbox === box);
    if (gone > 0) tellOfLost(gone, change);
    update(change.rows.filter(inList));
    prepend(change.rows.filter((row) => !inList(row)));
    update(change.updated);
    trim();
    tidy();
    mark();
  }

  // forget takes rows away, and returns how many; a note of skipped calls goes with the last of them.
  function forget(gone) {
    let n = 0;
    for (const row of groups.querySelectorAll("[data-sandbox]")) if (gone(row)) n++, row.remove();
    if (n > 0 && !groups.querySelector("[data-sandbox]")) {
      groups.replaceChildren();
      leadOn("");
    }
    tidy();
    return n;
  }

  function tellOfLost(gone, { cleared, run }) {
    const calls = gone === 1 ? "One call that stood here is" : `${gone.toLocaleString("en")} calls that stood here are`;
    lostNote.textContent = wasRestarted() || run !== document.documentElement.dataset.run
      ? `${calls} gone: Tokenstage was restarted, and kept them in memory alone.`
      : `${calls} gone: the journal of ${cleared.join(", ")} was cleared or reset, or the sandbox removed.`;
    lostNote.hidden = false;
  }

  // What follows changes the filter, and opens calls, without leaving the page.

  // go shows what the server has for another address of the list.
  async function go(to, how) {
    going?.abort();
    const mine = (going = new AbortController());
    if (how === "push") history.pushState(null, "", to);
    else if (how === "replace") history.replaceState(history.state, "", to);
    shown = location.href;
    list.ariaBusy = "true";
    try {
      const response = await fetch(to, { signal: mine.signal });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      if (!page.querySelector("[data-scope]")) return location.reload(); // another page than the list
      take(page);
    } catch {
      if (!mine.signal.aborted) location.reload(); // the browser says what is wrong
    }
    if (going === mine) list.removeAttribute("aria-busy");
  }

  // take makes this page what another one is.
  function take(page) {
    const other = (name) => page.querySelector(`[data-${name}]`);
    const fresh = other("scope");
    for (const name of ["scope", "news", "marks", "clockState"]) list.dataset[name] = fresh.dataset[name];
    marks = JSON.parse(list.dataset.marks || "{}");
    changed = new Set();
    waiting = [];
    held = 0;
    began = paused = fresh.hasAttribute("data-paused");
    pause?.setAttribute("aria-pressed", paused);
    groups.replaceChildren(...other("rows").children);
    survey.replaceChildren(...other("survey").childNodes);
    empty.replaceChildren(...other("empty").childNodes);
    refusal.textContent = other("refusal").textContent;
    refusal.hidden = other("refusal").hidden;
    lostNote.hidden = true;
    leadOn(other("older").getAttribute("href"));
    document.querySelector("[data-flow]").href = other("flow").getAttribute("href");
    fill(form, other("calls-filter"));
    const picker = document.querySelector("form.picker");
    picker.querySelectorAll("input[type=hidden]").forEach((field) => field.remove());
    picker.prepend(...page.querySelectorAll("form.picker input[type=hidden]"));
    for (const field of document.querySelectorAll("input[name=back]")) field.value = location.pathname + location.search;
    document.title = page.title;
    counted = performance.now();
    tidy();
    mark();
    say();
    document.dispatchEvent(new Event("refreshed"));
  }

  // fill gives the fields of a form what the same form of another page has; the one that is typed into keeps its text.
  function fill(mine, theirs) {
    for (const field of mine.elements) {
      const fresh = theirs.elements[field.name];
      if (!fresh || !field.name) continue;
      if (field.tagName === "SELECT") {
        const chosen = fresh.value; // options choose themselves anew while they move
        field.replaceChildren(...fresh.childNodes);
        field.value = chosen;
      } else {
        field.setAttribute("value", fresh.getAttribute("value") ?? "");
        if (field !== document.activeElement) field.value = fresh.value;
      }
    }
  }

  // filtered is the address that the form asks for.
  function filtered() {
    const query = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...query]) if (value === "") query.delete(name);
    const open = new URLSearchParams(location.search);
    for (const name of ["call", "seq"]) if (open.has(name) && !beside.hidden) query.set(name, open.get(name));
    return `${location.pathname}?${query}`;
  }

  let typed;
  let typing = false; // whether the last step of the history is one of typing
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(typed);
    typing = false;
    if (filtered() !== location.pathname + location.search) go(filtered(), "push");
  });
  form.elements.q.addEventListener("input", () => {
    clearTimeout(typed);
    typed = setTimeout(() => {
      if (filtered() === location.pathname + location.search) return;
      go(filtered(), typing ? "replace" : "push");
      typing = true;
    }, 300);
  });

  // Links to other filters of the list stay on the page.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.defaultPrevented) return;
    const to = new URL(link.getAttribute("href") ?? link.href.baseVal, location.href);
    if (link.closest(".histogram, .kinds, .saved, [data-empty]") && to.pathname === location.pathname) {
      event.preventDefault();
      go(to.pathname + to.search, "push");
    } else if (link.matches("[data-close]")) {
      event.preventDefault();
      close("push");
    } else if (besideFrom.matches && (link.closest("[data-rows]") || link.closest("[data-beside] .beside")) && link.dataset.whole === undefined) {
      const [, , , box, id] = to.pathname.split("/");
      if (!id) return;
      event.preventDefault();
      open(box, id, to.searchParams.get("seq"), beside.hidden ? "push" : "replace");
    }
  });

  // A click anywhere into a row opens its call, unless text was selected.
  groups.addEventListener("click", (event) => {
    const row = event.target.closest(".call");
    if (!row || event.target.closest("a") || !getSelection().isCollapsed) return;
    row.querySelector(".what a")?.click();
  });
  groups.addEventListener("stepped", (event) => !beside.hidden && event.target.click());

  // open shows a call beside the list.
  async function open(box, id, seq, how) {
    const to = address({ call: `${decodeURIComponent(box)}/${decodeURIComponent(id)}`, seq });
    if (how === "push") history.pushState(null, "", to);
    else if (how === "replace") history.replaceState(history.state, "", to);
    shown = location.href;
    mark();
    const query = new URL(to, location.href).searchParams;
    query.delete("call");
    const response = await fetch(`/console/calls/${box}/${id}/part?${query}`).catch(() => null);
    if (location.pathname + location.search !== to) return; // something else was opened meanwhile
    const text = (await response?.text()) ?? "The server does not answer.";
    if (response?.ok) beside.innerHTML = text;
    else beside.textContent = text;
    beside.hidden = false;
    beside.scrollTop = 0;
    split.classList.add("opened");
    document.querySelector(`[data-rows] .call[aria-current=true]`)?.scrollIntoView({ block: "nearest" });
    document.dispatchEvent(new Event("refreshed"));
  }

  function close(how) {
    if (beside.hidden) return;
    if (how) history.pushState(null, "", address({ call: null, seq: null }));
    shown = location.href;
    const row = groups.querySelector("[aria-current=true] a");
    beside.hidden = true;
    beside.replaceChildren();
    split.classList.remove("opened");
    mark();
    row?.focus({ preventScroll: true });
  }
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.target.closest?.("input, select, textarea, [popover]")) close("push");
  });

  // mark shows which row is that of the opened call.
  function mark() {
    const call = new URLSearchParams(location.search).get("call");
    for (const row of groups.querySelectorAll("[aria-current]")) row.removeAttribute("aria-current");
    if (!call) return;
    const link = [...groups.querySelectorAll(".what a")].find((link) => new URL(link.href).pathname.endsWith(`/calls/${call}`));
    link?.closest(".call").setAttribute("aria-current", "true");
  }
  mark();

  const listOf = (href) => {
    const url = new URL(href);
    for (const name of ["call", "seq", "paused", "reach"]) url.searchParams.delete(name);
    return url.href;
  };
  addEventListener("popstate", () => {
    const same = listOf(shown) === listOf(location.href);
    shown = location.href;
    typing = false;
    const query = new URLSearchParams(location.search);
    const [box, id] = (query.get("call") ?? "").split("/");
    if (!id) close();
    else open(encodeURIComponent(box), encodeURIComponent(id), query.get("seq"));
    if (!same) go(location.href);
  });

  // Where somebody was reading is known again when they come back, also when other calls came since.
  addEventListener("pagehide", () => {
    const row = [...rows].find((row) => row.id && row.getBoundingClientRect().bottom > 60);
    if (row && scrollY > 0) history.replaceState({ row: row.id, top: row.getBoundingClientRect().top }, "");
    else history.replaceState(null, "");
  });
  const read = history.state?.row && document.getElementById(history.state.row);
  if (read) {
    history.scrollRestoration = "manual";
    read.scrollIntoView();
    scrollBy(0, read.getBoundingClientRect().top - history.state.top);
  }
}
