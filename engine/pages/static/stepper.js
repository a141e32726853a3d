/** Gives number fields a minus and a plus of thumb size. The field stays an ordinary field. */

export function startSteppers(root, changed = () => {}) {
  for (const box of root.querySelectorAll("[data-stepper]")) {
    const field = box.querySelector("input");
    const buttons = [...box.querySelectorAll("button")];
    const show = () => {
      const value = Number(field.value) || 0;
      for (const button of buttons) {
        const next = value + Number(button.dataset.step);
        button.disabled = next < Number(field.min) || next > Number(field.max);
      }
    };
    for (const button of buttons) {
      button.hidden = false;
      button.addEventListener("click", () => {
        const value = (Number(field.value) || 0) + Number(button.dataset.step);
        field.value = String(Math.min(Number(field.max), Math.max(Number(field.min), value)));
        show();
        changed(field);
      });
    }
    field.addEventListener("input", () => { show(); changed(field); });
    addEventListener("pageshow", () => { show(); changed(field); }); // coming back, the browser puts the old number in late
    show();
  }
}
