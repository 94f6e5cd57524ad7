// Forms that need no button where there is a script.
for (const button of document.querySelectorAll("[data-hide-with-script]")) button.hidden = true;
for (const form of document.querySelectorAll("form[data-submit-on-change]")) {
  form.addEventListener("change", () => form.requestSubmit());
}

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
