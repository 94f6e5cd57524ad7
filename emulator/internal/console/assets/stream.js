// The stream of the server: which sandboxes changed, and that it is well. It is opened once for all windows of a
// browser, in live-worker.js, or by a page itself where there are no shared workers.

const silence = 12_000; // ms without a word after which the server does not answer; it sends something every 4 s
const again = 2_000; // ms until the next try

// connect tells of { state }, "live", "lost", "silent" or "refused", of { run } with the name of the server's run, and
// of { changed } with the ids of sandboxes. It returns what ends it.
export function connect(tell) {
  let source, retry;
  let heard = performance.now();
  let state = "";
  const say = (now) => state !== now && tell({ state: (state = now) });
  const hear = () => (heard = performance.now());

  function open() {
    clearTimeout(retry);
    source?.close();
    hear();
    source = new EventSource("/console/live");
    source.addEventListener("hello", (event) => {
      hear();
      tell({ run: JSON.parse(event.data).run });
      say("live");
    });
    source.addEventListener("beat", hear);
    source.addEventListener("changed", (event) => {
      hear();
      tell({ changed: JSON.parse(event.data) });
    });
    source.addEventListener("error", () => {
      const refused = source.readyState === EventSource.CLOSED; // it answered, and does not want to
      source.close();
      hear();
      say(refused ? "refused" : "lost");
      retry = setTimeout(open, again);
    });
  }

  const watch = setInterval(() => {
    if (performance.now() - heard < silence) return;
    say("silent");
    open();
  }, 1000);
  open();
  return () => {
    clearInterval(watch);
    clearTimeout(retry);
    source.close();
  };
}
