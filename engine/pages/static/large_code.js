/** A ticket's code on the whole screen: black on white in every scheme, with the screen kept awake while it is shown. */

const dialog = document.getElementById("large-code");
const part = (name) => dialog.querySelector(`[data-part="${name}"]`);
const buttons = [...document.querySelectorAll("[data-large-code]")];
let shown = 0;
let lock = null;

function show(index) {
  shown = (index + buttons.length) % buttons.length;
  const ticket = buttons[shown].closest(".ticket");
  part("code").replaceChildren(ticket.querySelector(".ticket-code svg").cloneNode(true));
  const place = [...ticket.querySelectorAll(".ticket-place div")].map((each) => `${each.children[0].textContent} ${each.children[1].textContent}`);
  part("place").textContent = place.join(" · ");
  part("holder").textContent = ticket.querySelector(".ticket-text bdi").textContent;
  part("of").textContent = dialog.dataset.of.replace("{number}", shown + 1).replace("{total}", buttons.length);
  part("turn").hidden = buttons.length < 2;
}

/** Not every browser has it, none grants it to a page that is hidden or to a battery that is low. */
async function stayAwake() {
  try {
    lock = await navigator.wakeLock?.request("screen") ?? null;
    if (!dialog.open) sleep();
  } catch { lock = null; }
}

function sleep() {
  lock?.release().catch(() => {});
  lock = null;
}

const DEEDS = { close: () => dialog.close(), back: () => show(shown - 1), on: () => show(shown + 1) };

if (dialog) {
  buttons.forEach((button, index) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      show(index);
      dialog.showModal();
      dialog.querySelector("[data-do=close]").focus();
      stayAwake();
    });
  });
  dialog.addEventListener("click", ({ target }) => DEEDS[target.closest("[data-do]")?.dataset.do]?.());
  dialog.addEventListener("close", () => {
    sleep();
    part("code").replaceChildren();
  });
  document.addEventListener("visibilitychange", () => { if (dialog.open && !document.hidden) stayAwake(); });
}
