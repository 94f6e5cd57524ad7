// The list of calls as it grows, and the older ones behind it.
import { refresh } from "./refresh.js";

const most = 5000; // rows that a page keeps
const size = 50; // rows of a group: the browser lays out only the groups near the window
const list = document.querySelector("[data-scope]");
const groups = document.querySelector("[data-rows]");
const rows = groups?.getElementsByClassName("call"); // as they are at any time
const older = document.querySelector("[data-older]");
if (list) {
  older.addEventListener("click", append);
  if (list.dataset.events) follow(list.dataset.events);
}

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
  return row;
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
}

// append puts older calls below the others, in place of the page that the link leads to.
async function append(event) {
  if (rows.length + 200 > most || event.ctrlKey || event.metaKey || event.shiftKey) return;
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
}

// trim keeps the page bounded; the rows that go are behind the link again.
function trim() {
  if (rows.length <= most) return;
  let kept = most;
  while (!rows[kept - 1].id) kept--; // a note of skipped calls does not say where the link leads on
  const last = rows[kept - 1];
  for (const row of [...rows].slice(kept)) row.remove();
  const address = new URL(location.href);
  address.searchParams.set("before", last.id.replace("call-", ""));
  leadOn(address.pathname + address.search);
}

function follow(address) {
  const pause = document.querySelector("[data-pause]");
  const state = document.querySelector("[data-live-state]");
  const empty = document.querySelector("[data-empty]");
  let source;
  let opened = false;
  let lost = "";
  let paused = false;
  let waiting = []; // changes that came while paused
  let held = 0; // calls in them

  // connect opens the stream while somebody looks: browsers have few connections for each host.
  function connect() {
    source?.close();
    if (document.hidden) return;
    source = new EventSource(address);
    source.addEventListener("open", () => {
      say((lost = ""));
      if (opened) refresh(); // the clock may have been moved meanwhile
      opened = true;
    });
    source.addEventListener("change", () => refresh());
    source.addEventListener("error", () => {
      const over = source.readyState === EventSource.CLOSED;
      say((lost = over ? "Not connected any more: load the page again" : "Connection lost, trying again"));
    });
    source.addEventListener("calls", (event) => {
      const change = JSON.parse(event.data);
      change.rows = parsed(change.rows);
      change.updated = parsed(change.updated);
      if (paused) hold(change);
      else show(change);
      say();
    });
  }
  connect();
  document.addEventListener("visibilitychange", connect);
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => event.persisted && connect());

  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", paused);
    if (!paused) {
      waiting.forEach(show);
      waiting = [];
      held = 0;
    }
    say();
  });

  function say() {
    const text = lost || (paused ? `Paused, ${held} waiting` : "Live");
    if (state.textContent !== text) state.textContent = text;
  }

  // hold keeps a change for later, without the rows that the page would not keep anyway.
  function hold(change) {
    if (change.begin) {
      waiting = [];
      held = 0;
    }
    waiting.push(change);
    held += change.skipped + change.rows.filter((row) => row.id && !inList(row)).length;
    let kept = 0;
    for (const each of waiting.toReversed()) {
      if (kept > most) each.rows = each.updated = [];
      kept += each.rows.length;
    }
  }

  function show(change) {
    for (const box of change.cleared ?? []) forget((row) => row.dataset.sandbox === box);
    if (change.begin) settle(change);
    else prepend(change.rows.filter((row) => !inList(row)));
    update(change.updated);
    trim();
    tidy();
    empty.hidden = rows.length > 0;
  }

  // settle makes the list begin with the newest calls there are. Rows below them stay while nothing is missing between
  // and their journal keeps them.
  function settle({ rows: fresh, older: behind, kept }) {
    forget(({ id, dataset: { sandbox } }) => !kept[sandbox] || BigInt(id.split(/[-_]/)[1]) < BigInt(kept[sandbox]));
    update(fresh);
    const newest = fresh.map((row) => inList(row) ?? row);
    if (newest.every((row, i) => row === rows[i])) return;
    const last = newest.findLast((row) => row.isConnected);
    const focused = document.activeElement;
    if (last) while (rows[0] !== last) rows[0].remove();
    else groups.replaceChildren();
    prepend(newest);
    if (groups.contains(focused)) focused.focus({ preventScroll: true });
    if (rows[rows.length - 1] === newest.at(-1)) leadOn(behind);
  }

  // forget takes rows away; a note of skipped calls goes with the last of them.
  function forget(gone) {
    for (const row of groups.querySelectorAll("[data-sandbox]")) if (gone(row)) row.remove();
    if (groups.querySelector("[data-sandbox]")) return;
    groups.replaceChildren();
    leadOn("");
  }
}
