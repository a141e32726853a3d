/** Moments by the reader's own clock, which the server does not know: without this they are told in UTC. */

const tongue = document.documentElement.lang;
const said = new Intl.DateTimeFormat(`${tongue === "en" ? "en-GB" : tongue}-u-nu-latn`, { dateStyle: "medium", timeStyle: "short" });

for (const place of document.querySelectorAll("[data-own-time]")) {
  const time = place.querySelector("time");
  time.textContent = said.format(new Date(time.dateTime));
  place.replaceChildren(time);
}
