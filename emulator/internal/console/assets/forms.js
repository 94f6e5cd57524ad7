// Forms that need no button where there is a script.
for (const button of document.querySelectorAll("[data-hide-with-script]")) button.hidden = true;
for (const form of document.querySelectorAll("form[data-submit-on-change]")) {
  form.addEventListener("change", () => form.requestSubmit());
}
