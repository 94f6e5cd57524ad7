// Clocks that run: each shows what the server said of it, plus the time since. Times to an expiry run down by the clock
// of the page's sandbox; at zero the page asks the server what became of the token.
import { refresh } from "./refresh.js";
import { format } from "./zone.js";

const said = new WeakMap(); // clock -> what the server said of it, and when that was

// reading is the time that a clock shows now, in milliseconds.
function reading(clock) {
  const datetime = clock.dateTime;
  const frozen = clock.dataset.frozen === "true";
  let last = said.get(clock);
  if (last?.datetime !== datetime || last.frozen !== frozen) {
    said.set(clock, (last = { datetime, frozen, at: performance.now() }));
  }
  return Date.parse(datetime) + (frozen ? 0 : performance.now() - last.at);
}

// span writes seconds like the server: "2d 3h 4m", "59m 12s".
function span(seconds) {
  const parts = [];
  let left = Math.abs(seconds);
  for (const [name, size] of [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]]) {
    const count = Math.floor(left / size);
    left %= size;
    if (parts.length < 3 && (count > 0 || parts.length > 0 || size === 1)) parts.push(count + name);
  }
  return parts.join(" ");
}

const begun = new WeakMap(); // call -> how long it had taken at which moment

// soFar is how long a call has taken that is going on, in milliseconds.
function soFar(call) {
  const said = call.dataset.soFar / 1000;
  if (begun.get(call)?.said !== said) begun.set(call, { said, at: performance.now() });
  return said + performance.now() - begun.get(call).at;
}

// lasting writes milliseconds like the server.
const lasting = (ms) => (ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`);

const write = (element, text) => element.textContent !== text && (element.textContent = text);
const main = document.querySelector('[data-clock="main"]');
const over = new WeakSet(); // what was asked about already

function tick() {
  if (document.documentElement.dataset.live === "off") return; // nobody knows how the clock goes
  for (const clock of document.querySelectorAll("[data-clock]")) {
    write(clock, format(reading(clock)));
  }
  for (const call of document.querySelectorAll("[data-so-far]")) write(call, lasting(soFar(call)));
  if (!main) return;
  const now = reading(main);
  const distance = document.querySelector("[data-distance]");
  if (distance) write(distance, span(Math.floor((now - reading(document.querySelector('[data-clock="real"]'))) / 1000)));
  let due = false;
  for (const end of document.querySelectorAll("[data-expires]")) {
    const left = Math.floor((Date.parse(end.dataset.expires) - now) / 1000);
    write(end, span(Math.max(left, 0)));
    if (left < 0 && !over.has(end)) {
      over.add(end);
      due = true;
    }
  }
  if (due) refresh();
}

tick();
setInterval(tick, 1000);
document.addEventListener("refreshed", tick);
