/** Moments by the reader's own clock, which the server does not know: without this they are told in UTC. */

const said = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });

for (const place of document.querySelectorAll("[data-own-time]")) {
  const time = place.querySelector("time");
  time.textContent = said.format(new Date(time.dateTime));
  place.replaceChildren(time);
}
