// A button beside each command copies it. Without JavaScript there is none, and the text can be selected.
for (const box of document.querySelectorAll(".copyable")) {
  const button = box.querySelector("button");
  const text = box.querySelector("pre");
  button.hidden = false;
  button.addEventListener("click", async () => {
    let said = "Copied";
    try {
      await navigator.clipboard.writeText(text.textContent);
    } catch {
      getSelection().selectAllChildren(text);
      said = "Selected";
    }
    button.textContent = said;
    document.getElementById("copied").textContent = said;
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
}
