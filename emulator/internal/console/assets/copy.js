// Buttons that copy a text: that of their own, or what stands beside them.
document.addEventListener("refreshed", show);
show();

function show() {
  for (const button of document.querySelectorAll("[data-copy][hidden]")) {
    button.hidden = false;
    button.addEventListener("click", copy);
  }
}

async function copy({ currentTarget: button }) {
  const beside = button.parentElement.querySelector("pre[data-sent]") ?? button.parentElement.querySelector("pre");
  try {
    await navigator.clipboard.writeText(button.dataset.copyText ?? beside.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(beside ?? button.parentElement);
    button.textContent = "Selected: press Ctrl+C";
  }
}
