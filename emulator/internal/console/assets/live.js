// What every page knows of the server: whether it answers, whether it was restarted, and what changed. A banner says
// what is wrong, on every page; other modules hear of it by events of the document:
// - "live" when the server can be asked: at the beginning, and when it is back;
// - "changed" with the ids of sandboxes in detail.
import { refresh } from "./refresh.js";
import { connect } from "./stream.js";

const root = document.documentElement;
const banner = document.querySelector("[data-banner]");
const words = banner?.querySelector("[data-banner-text]");
if (root.dataset.run && banner) begin();

let restarted = false; // whether this page lived through a restart
export const wasRestarted = () => restarted;

function begin() {
  let worker;
  try {
    // A page of another run has another worker: what they say to each other may differ.
    worker = new SharedWorker(`/console/assets/live-worker.js?run=${root.dataset.run}`, { type: "module", name: "tokenstage" });
  } catch {
    // This browser has none.
  }
  if (worker) {
    worker.port.onmessage = ({ data }) => take(data);
    worker.port.postMessage("hello");
    addEventListener("pagehide", () => worker.port.postMessage("bye"));
    addEventListener("pageshow", (event) => event.persisted && worker.port.postMessage("hello"));
    return;
  }
  let end = connect(take);
  addEventListener("pagehide", () => end());
  addEventListener("pageshow", (event) => event.persisted && (end = connect(take)));
}

banner?.querySelector("button").addEventListener("click", () => (banner.hidden = true));

let since = ""; // when the server stopped answering

async function take({ state, run, changed }) {
  const other = run && run !== root.dataset.run;
  if (other) {
    restarted = true;
    root.dataset.run = run;
  }
  if (state === "live") await back(other);
  else if (state) gone(state);
  else if (other) await back(true);
  if (changed) document.dispatchEvent(new CustomEvent("changed", { detail: changed }));
}

const clock = () => new Date().toISOString().slice(11, 19) + " UTC";

function gone(state) {
  since ||= clock();
  root.dataset.live = "off";
  const seen = `What stands here is from then. The page goes on by itself when it is back.`;
  say("bad", {
    lost: `Tokenstage does not answer since ${since}: it was stopped, or cannot be reached. ${seen}`,
    silent: `Tokenstage does not answer since ${since}: it hangs, or the way to it is cut. ${seen}`,
    refused: `Tokenstage answers, but follows this page no more, since ${since}. Load the page again.`,
  }[state]);
}

async function back(other) {
  const was = since;
  since = "";
  root.dataset.live = "on";
  if (other) {
    const status = await refresh({ stay: true }); // also gives forms the word of the new run
    if (status === 401) return location.reload(); // it asks for its token again
    say("", `Tokenstage was restarted, and answers since ${clock()}. ` + (status === 200
      ? "What it kept in memory alone is gone; this page shows what there is now."
      : "It does not have what this page was about."));
  } else if (was) {
    refresh({ stay: true });
    say("", `Tokenstage answers again since ${clock()}. Nothing that happened meanwhile is missing here.`);
  }
  document.dispatchEvent(new Event("live"));
}

function say(kind, text) {
  banner.className = `banner ${kind}`;
  banner.hidden = false;
  if (words.textContent !== text) words.textContent = text;
}
