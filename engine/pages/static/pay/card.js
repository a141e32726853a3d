/** The practice card form: reads, formats and checks what is typed. Only the sandbox sees it; real cards use Stripe's own form. */

import { phrase } from "../words.js";

const DIGITS_MIN = 12;
const DIGITS_MAX = 19;
const EXAMPLE = { expiry: "12 / 34", cvc: "123" };

const digits = (text) => text.replace(/\D/g, "");

/** The check digit of a card number (ISO/IEC 7812). */
export function luhn(number) {
  let sum = 0;
  for (let place = 0; place < number.length; place += 1) {
    const digit = Number(number[number.length - 1 - place]);
    const doubled = place % 2 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

export class CardForm {
  constructor(root) {
    this.number = root.querySelector("#card-number");
    this.expiry = root.querySelector("#card-expiry");
    this.cvc = root.querySelector("#card-cvc");
    this.error = root.querySelector("#card-error");
    this.number.addEventListener("input", () => { this.number.value = digits(this.number.value).slice(0, DIGITS_MAX).replace(/(\d{4})(?=\d)/g, "$1 "); });
    this.expiry.addEventListener("input", () => { this.expiry.value = digits(this.expiry.value).slice(0, 4).replace(/^(\d{2})(\d)/, "$1 / $2"); });
    root.querySelector("#test-cards")?.addEventListener("click", (event) => {
      const card = event.target.closest("[data-card]");
      if (!card) return;
      this.number.value = card.dataset.card.replace(/(\d{4})(?=\d)/g, "$1 ");
      this.expiry.value = EXAMPLE.expiry;
      this.cvc.value = EXAMPLE.cvc;
      this.say("");
    });
  }

  /** The card as Stripe's form fields, or null after saying what is missing. */
  read() {
    const number = digits(this.number.value);
    const expiry = digits(this.expiry.value);
    const month = Number(expiry.slice(0, 2));
    const fault = [
      [this.number, number.length >= DIGITS_MIN && luhn(number), phrase("This card number has a mistake in it.")],
      [this.expiry, expiry.length === 4 && month >= 1 && month <= 12, phrase("When does the card expire? MM / YY.")],
      [this.cvc, /^\d{3,4}$/.test(this.cvc.value.trim()), phrase("The security code has three or four digits.")],
    ].find(([field, good]) => { field.setAttribute("aria-invalid", String(!good)); return !good; });
    for (const field of [this.number, this.expiry, this.cvc]) if (field !== fault?.[0]) field.removeAttribute("aria-invalid");
    this.say(fault?.[2] ?? "");
    if (fault) { fault[0].focus(); return null; }
    return {
      "payment_method_data[type]": "card",
      "payment_method_data[card][number]": number,
      "payment_method_data[card][exp_month]": String(month),
      "payment_method_data[card][exp_year]": `20${expiry.slice(2)}`,
      "payment_method_data[card][cvc]": this.cvc.value.trim(),
    };
  }

  say(text) { this.error.textContent = text; }
}
