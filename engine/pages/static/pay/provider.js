/**
 * Paying at the provider. One face, two bodies: Stripe's Payment Element where real keys are set, and the practice card
 * form where the provider is the sandbox. Either way the card goes from this browser to the provider and nowhere else.
 */

import { phrase } from "../words.js";
import { CardForm } from "./card.js";

/** Outcomes: {kind: "done"}, {kind: "declined", message}, {kind: "away"} where the page is leaving for 3-D Secure. */
export function providerFor(data, root) {
  for (const part of root.querySelectorAll("[data-with-script]")) part.hidden = false;
  return data.sandboxed ? new Practice(data, root) : new Elements(data, root);
}

class Practice {
  constructor(data, root) {
    this.data = data;
    this.form = new CardForm(root);
  }

  /** What must be right before an order is opened; false after saying what is wrong. */
  async ready() {
    this.card = this.form.read();
    return this.card !== null;
  }

  async pay({ clientSecret, name, email, returnUrl }) {
    const intentId = clientSecret.split("_secret_")[0];
    const body = new URLSearchParams({ client_secret: clientSecret, return_url: returnUrl, ...this.card });
    if (name) body.set("payment_method_data[billing_details][name]", name);
    if (email) body.set("payment_method_data[billing_details][email]", email);
    const response = await fetch(`${this.data.stripe_url}/v1/payment_intents/${intentId}/confirm`, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.data.publishable_key}` },
      body,
    });
    const answer = await response.json();
    if (!response.ok) return this.#refused(answer.error ?? {});
    const redirect = answer.next_action?.redirect_to_url?.url ?? answer.next_action?.use_stripe_sdk?.stripe_js;
    if (answer.status === "requires_action" && redirect) {
      location.assign(redirect);
      return { kind: "away" };
    }
    if (answer.status === "requires_payment_method") return this.#refused(answer.last_payment_error ?? {});
    return { kind: "done" };
  }

  #refused(error) {
    const state = error.payment_intent?.status;
    if (state === "succeeded" || state === "processing") return { kind: "done" }; // paid before: never twice
    return { kind: "declined", message: error.message ?? phrase("The payment did not go through.") };
  }
}

class Elements {
  constructor(data, root) {
    this.stripe = window.Stripe(data.publishable_key, { locale: document.documentElement.lang });
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    this.elements = this.stripe.elements({
      mode: "payment",
      amount: data.provider_amount,
      currency: data.currency.toLowerCase(),
      appearance: { theme: dark ? "night" : "stripe" },
    });
    this.elements.create("payment").mount(root.querySelector("#payment-element"));
    this.error = root.querySelector("#card-error");
  }

  async ready() {
    const { error } = await this.elements.submit();
    this.error.textContent = error?.message ?? "";
    return !error;
  }

  async pay({ clientSecret, returnUrl }) {
    const { error } = await this.stripe.confirmPayment({
      elements: this.elements,
      clientSecret,
      redirect: "if_required",
      confirmParams: { return_url: returnUrl },
    });
    return error ? { kind: "declined", message: error.message } : { kind: "done" };
  }
}
