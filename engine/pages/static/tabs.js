/** Tabs as the ARIA practices describe them: arrows move, one panel shows. */

export function startTabs(list, changed = () => {}) {
  const tabs = [...list.querySelectorAll('[role="tab"]')];
  const select = (tab, focus = false) => {
    for (const each of tabs) {
      const chosen = each === tab;
      each.setAttribute("aria-selected", String(chosen));
      each.tabIndex = chosen ? 0 : -1;
      document.getElementById(each.getAttribute("aria-controls")).hidden = !chosen;
    }
    if (focus) tab.focus();
    changed(tab.id);
  };
  list.addEventListener("click", (event) => {
    const tab = event.target.closest('[role="tab"]');
    if (tab) select(tab);
  });
  list.addEventListener("keydown", (event) => {
    const onwards = getComputedStyle(list).direction === "rtl" ? -1 : 1;
    const step = { ArrowRight: onwards, ArrowLeft: -onwards }[event.key];
    if (!step) return;
    event.preventDefault();
    const now = tabs.indexOf(document.activeElement);
    select(tabs[(now + step + tabs.length) % tabs.length], true);
  });
  list.hidden = false;
  return { select: (id) => select(tabs.find((tab) => tab.id === id)) };
}
