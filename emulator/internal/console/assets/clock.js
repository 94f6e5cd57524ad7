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

const write = (element, text) => element.textContent !== text && (element.textContent = text);
const main = document.querySelector('[data-clock="main"]');
const over = new WeakSet(); // what was asked about already

function tick() {
  for (const clock of document.querySelectorAll("[data-clock]")) {
    write(clock, format(reading(clock)));
  }
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
