// Small help with forms: go to the faults, ask before what cannot be undone, send once, copy a secret, print.
document.querySelector("[data-focus]")?.focus();
const tabs = document.querySelector(".tabs");
const current = tabs?.querySelector("[aria-current]");
if (current) tabs.scrollLeft = current.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - current.clientWidth) / 2;

document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = event.submitter?.dataset.confirm || form.dataset.confirm;
  if (question && !window.confirm(question)) {
    event.preventDefault();
    return;
  }
  if (form.method === "post" && !form.hasAttribute("hx-post")) {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 4000);
  }
});

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent.trim());
    button.textContent = "Copied";
  });
}

for (const field of document.querySelectorAll("input[type=file][data-into]")) {
  field.addEventListener("change", async () => {
    const into = document.querySelector(field.dataset.into);
    if (field.files[0] && field.files[0].size < 2_000_000) {
      into.value = await field.files[0].text();
      field.value = "";
      into.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
