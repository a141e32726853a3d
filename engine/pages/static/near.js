/** Events near the visitor: nothing is asked before the button is pressed, and a "no" costs nothing. */

import { phrase } from "./words.js";

const WAIT_MS = 10_000;
const AGE_MS = 10 * 60_000;
const DECIMALS = 2; // about a kilometre

const box = document.querySelector("[data-near]");
const button = box.querySelector("button");
const said = box.querySelector("[role=status]");

if ("geolocation" in navigator) box.hidden = false;

button.addEventListener("click", () => {
  button.disabled = true;
  said.textContent = phrase("Waiting for your browser…");
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      const query = new URLSearchParams(location.search); // what is narrowed already stays so
      query.set("lat", coords.latitude.toFixed(DECIMALS));
      query.set("lng", coords.longitude.toFixed(DECIMALS));
      query.delete("cursor");
      location.assign(`/?${query}`);
    },
    () => {
      button.disabled = false;
      said.textContent = phrase("Your browser did not say where you are. Type a city instead.");
    },
    { maximumAge: AGE_MS, timeout: WAIT_MS, enableHighAccuracy: false },
  );
});
