// Refreshes the parts of a page that say so ("data-every-s"), while the page is seen and nobody paused it.
const due = new Map();
let paused = false;

function step() {
  if (paused || document.hidden) return;
  const now = Date.now();
  for (const part of document.querySelectorAll("[data-every-s]")) {
    const every = Number(part.dataset.everyS) * 1000;
    if (now - (due.get(part.id) ?? started) < every) continue;
    due.set(part.id, now);
    window.htmx.trigger(part, "tick");
  }
}

const started = Date.now();
setInterval(step, 500);

for (const button of document.querySelectorAll("[data-pause]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
    button.closest(".pause").classList.toggle("paused", paused);
    button.textContent = paused ? "Resume updates" : "Pause updates";
  });
}
