// One connection to the server for all windows of a browser: browsers have few for each host.
import { connect } from "./stream.js";

const windows = new Set();
const known = {}; // the last state and run, for windows that come later

connect((news) => {
  if (news.state) known.state = news.state;
  if (news.run) known.run = news.run;
  for (const port of windows) port.postMessage(news);
});

addEventListener("connect", ({ ports: [port] }) => {
  port.onmessage = ({ data }) => {
    if (data === "bye") return windows.delete(port);
    windows.add(port);
    port.postMessage(known);
  };
});
