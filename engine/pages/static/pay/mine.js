/** My tickets: the orders this browser remembers. */

import { element } from "../api.js";
import { phrase } from "../words.js";
import { remembered } from "./memory.js";

const orders = remembered();
document.getElementById("mine").replaceChildren(...orders.map((order) => element("li", {},
  element("a", { class: "card mine-card", href: `/order/${encodeURIComponent(order.id)}` },
    element("strong", {}, order.title),
    element("span", { class: "soft" }, order.starts ?? ""),
    element("small", { class: "soft" }, phrase("Order %(number)s", { number: order.number }))))));
if (orders.length) document.getElementById("mine-none").textContent = phrase("The orders made in this browser. Those made elsewhere open with the link in their e-mail.");
