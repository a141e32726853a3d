/** The queue hands its admission over in the address's fragment, which no server log sees; here it becomes a cookie. */

/** True where a hand-over is under way: the page is about to load again. */
export function keepAdmission() {
  const text = new URLSearchParams(location.hash.slice(1)).get("admission");
  if (!text) return false;
  history.replaceState(null, "", location.pathname);
  const form = document.getElementById("admission-form");
  form.elements.admission.value = text;
  form.submit();
  return true;
}
