/** The orders made in this browser: their ids, titles and times, never their keys. */

const KEY = "onsale:orders";
const KEPT_MAX = 50;

export function remembered() {
  try {
    const orders = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(orders) ? orders : [];
  } catch {
    return [];
  }
}

export function remember(order) {
  try {
    const others = remembered().filter((each) => each.id !== order.id);
    localStorage.setItem(KEY, JSON.stringify([order, ...others].slice(0, KEPT_MAX)));
  } catch { /* storage is switched off: the e-mail's link still works */ }
}
