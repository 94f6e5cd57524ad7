// Buttons that copy the text beside them.
const show = () => {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
};
show();
document.addEventListener("refreshed", show);
document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  const source = button.parentElement.querySelector("pre");
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source);
    button.textContent = "Selected: press Ctrl+C";
  }
});
