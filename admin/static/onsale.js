// The queue opens half an hour before sales unless somebody says otherwise.
const MINUTES = 30;
const opens = document.querySelector("#f-opens_at");
const gathers = document.querySelector("#f-prequeue_opens_at");
let own = gathers.value !== "";

gathers.addEventListener("input", () => {
  own = true;
});
opens.addEventListener("change", () => {
  const moment = Date.parse(`${opens.value}Z`); // both by the clocks of the place: no zone comes in
  if (!own && !Number.isNaN(moment)) gathers.value = new Date(moment - MINUTES * 60_000).toISOString().slice(0, 16);
});
