/** In front of the shop: an admission in the address opens it. */

import { keepAdmission } from "./admission.js";

if (keepAdmission()) {
  document.getElementById("waiting").hidden = true;
  document.getElementById("entering").hidden = false;
}
