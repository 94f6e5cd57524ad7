// Filters that somebody saved, kept by the browser for this console. Each is an address, so a link can be passed on.
const place = document.querySelector("[data-saved]");
const key = "tokenstage.filters";
if (place) begin();

function read() {
  try {
    const all = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(all) ? all.filter((one) => typeof one?.query === "string" && typeof one.name === "string") : [];
  } catch {
    return []; // kept by nobody, or by something else
  }
}

function write(all) {
  try {
    localStorage.setItem(key, JSON.stringify(all.slice(-20)));
  } catch {
    // The browser keeps nothing.
  }
  show();
}

// current is the filter of the page without what is about one moment of it.
function current() {
  const query = new URLSearchParams(location.search);
  for (const name of ["call", "seq", "before", "paused", "reach"]) query.delete(name);
  return query;
}

const named = (query) =>
  ["kind", "q", "api", "operation", "outcome", "sandbox"].map((name) => query.get(name)).filter((text) => text && text !== "*").join(" ") || "all calls";

function show() {
  place.querySelectorAll(".one").forEach((one) => one.remove());
  for (const { name, query } of read()) {
    const one = document.createElement("span");
    one.className = "one";
    const link = Object.assign(document.createElement("a"), { href: `/console/calls?${query}`, textContent: name });
    const away = Object.assign(document.createElement("button"), { type: "button", textContent: "×", ariaLabel: `Forget ${name}` });
    away.addEventListener("click", () => write(read().filter((other) => other.query !== query)));
    one.append(link, away);
    place.append(one);
  }
}

function begin() {
  place.hidden = false;
  place.querySelector("[data-save]").addEventListener("click", () => {
    const query = current();
    const all = read().filter((other) => other.query !== query.toString());
    write([...all, { name: named(query), query: query.toString() }]);
  });
  addEventListener("storage", show);
  show();
}
