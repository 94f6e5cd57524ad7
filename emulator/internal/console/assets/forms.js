// Forms that need no button where there is a script. Keys alone send nothing: the arrows of the keyboard go through the
// choices of a list, so there Enter sends the form, or the button, which then shows itself.
for (const button of document.querySelectorAll("[data-hide-with-script]")) button.hidden = true;
const forms = [...document.querySelectorAll("form[data-submit-on-change]")];
for (const form of forms) {
  let byKey = false;
  form.addEventListener("pointerdown", () => (byKey = false));
  form.addEventListener("keydown", (event) => {
    if (!event.target.matches("select")) return;
    if (event.key === "Enter") {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key !== "Tab") byKey = true;
  });
  form.addEventListener("change", (event) => {
    const button = form.querySelector("[data-hide-with-script]");
    if (byKey && event.target.matches("select") && button) button.hidden = false;
    else form.requestSubmit();
  });
}

// A browser that goes back to a page may fill in what was chosen before it was left. The page is what its address says.
addEventListener("pageshow", () => forms.forEach((form) => form.reset()));
// One box ticks all of a page.
document.addEventListener("refreshed", showAll);
showAll();

function showAll() {
  for (const all of document.querySelectorAll("[data-pick-all][hidden]")) {
    all.hidden = false;
    all.addEventListener("change", () => {
      for (const one of all.form.querySelectorAll('[name="pick"]')) one.checked = all.checked;
    });
  }
}
