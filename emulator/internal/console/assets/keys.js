// Keys of one letter, where no field has the focus: "/" finds, "j" and "k" go through the calls, "?" shows the keys.
const typing = (element) => element.closest?.("input, select, textarea, [contenteditable]");

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const field = typing(event.target);
  if (field) {
    if (event.key === "Escape" && field.type === "search") field.blur();
    return;
  }
  switch (event.key) {
    case "/": {
      const find = document.querySelector("main input[type=search], main input[name=q]");
      if (!find) return;
      find.focus();
      find.select();
      swallow(find, event.key);
      break;
    }
    case "j":
    case "k":
      if (!step(event.key === "j" ? 1 : -1)) return;
      break;
    case "?":
      document.getElementById("keys")?.togglePopover();
      break;
    default:
      return;
  }
  event.preventDefault();
});

// swallow keeps the key that led into a field out of it, where the browser does not by itself.
function swallow(field, key) {
  const refuse = (event) => event.data === key && event.preventDefault();
  field.addEventListener("beforeinput", refuse);
  addEventListener("keyup", () => field.removeEventListener("beforeinput", refuse), { once: true });
}

// step moves the focus to the next call of the list, or the one before; from nowhere, to the one that stands open or
// the first that can be seen.
function step(by) {
  const links = [...document.querySelectorAll("[data-rows] .call .what a")];
  if (links.length === 0) return false;
  const at = links.indexOf(document.activeElement);
  const open = links.findIndex((link) => link.closest(".call").ariaCurrent === "true");
  let next;
  if (at >= 0) next = links[at + by];
  else if (open >= 0) next = links[open + by];
  else next = links.find((link) => link.getBoundingClientRect().top > 60);
  if (!next) return true;
  next.focus();
  next.closest(".call").scrollIntoView({ block: "nearest" });
  next.dispatchEvent(new CustomEvent("stepped", { bubbles: true }));
  return true;
}

// One bar of a histogram is reached by Tab, the others by the arrows.
addEventListener("keydown", (event) => {
  const bar = event.target.closest?.(".histogram a");
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!bar || !by) return;
  const bars = [...bar.parentElement.querySelectorAll("a")];
  const next = bars[bars.indexOf(bar) + by];
  if (!next) return;
  bar.setAttribute("tabindex", -1);
  next.setAttribute("tabindex", 0);
  next.focus();
  event.preventDefault();
});

const hint = document.querySelector("[data-keys]");
if (hint) hint.hidden = false;
