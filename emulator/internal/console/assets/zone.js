// Times in the zone that somebody chose. Pages have them in UTC; what is shown in another zone keeps UTC as its title.
const zone = document.documentElement.dataset.zone;
const name = { local: "local time", gmt8: "GMT+8" }[zone] ?? "UTC";
const written = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{3})?$/;

// format writes an instant, in milliseconds since 1970, as the server does.
export function format(instant, millis = false) {
  let shift = 0;
  if (zone === "gmt8") shift = 8 * 60;
  if (zone === "local") shift = -new Date(instant).getTimezoneOffset();
  return new Date(instant + shift * 60000).toISOString().slice(0, millis ? 23 : 19).replace("T", " ");
}

function show() {
  for (const label of document.querySelectorAll("[data-zone-name]")) if (label.textContent !== name) label.textContent = name;
  for (const time of document.querySelectorAll("time[datetime]:not([data-clock])")) {
    const text = time.textContent;
    if (!written.test(text) || time.shown === text + time.dateTime) continue;
    const shown = format(Date.parse(time.dateTime), text.includes("."));
    if (shown !== text) {
      time.title = `${text} UTC`;
      time.textContent = shown;
    }
    time.shown = shown + time.dateTime; // else the next look would take it for UTC
  }
}

if (zone) {
  show();
  document.addEventListener("refreshed", show);
  new MutationObserver(show).observe(document.body, { childList: true, subtree: true, characterData: true });
}
