/** The list narrows while the visitor types: the same page is asked for, only its results are replaced. */

const SETTLE_MS = 300; // after the last key

const form = document.querySelector("[data-filter]");
let timer = 0;
let asked = null;

async function narrow() {
  const values = [...new FormData(form)].filter(([, value]) => value !== "");
  const url = values.length ? `/?${new URLSearchParams(values)}` : "/";
  asked?.abort();
  asked = new AbortController();
  const results = document.getElementById("results");
  results.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(url, { headers: { Accept: "text/html" }, signal: asked.signal });
    if (!response.ok) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    results.replaceChildren(...page.getElementById("results").childNodes);
    history.replaceState(null, "", url);
  } catch (error) {
    if (error.name !== "AbortError") form.submit();
  } finally {
    results.removeAttribute("aria-busy");
  }
}

form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(narrow, SETTLE_MS);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  narrow();
});
