// Buttons that copy a text: that of their own, or what stands beside them.
const show = () => {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
};
show();
document.addEventListener("refreshed", show);
document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  const beside = button.parentElement.querySelector("pre[data-sent]") ?? button.parentElement.querySelector("pre");
  try {
    await navigator.clipboard.writeText(button.dataset.copyText ?? beside.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(beside ?? button.parentElement);
    button.textContent = "Selected: press Ctrl+C";
  }
});
