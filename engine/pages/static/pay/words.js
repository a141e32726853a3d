/** The states of an order in words (the same as templates/orders/states.html). */

import { phrase } from "../words.js";

export const WORDS = {
  hold: { kept: phrase("Kept for you"), sold: phrase("Yours"), released: phrase("Back on sale") },
  payment: {
    awaiting_payment: phrase("Waiting for you to pay"),
    in_lane: phrase("Waiting in line for the payment provider"),
    processing: phrase("Your bank is working on it"),
    succeeded: phrase("Paid"),
    failed: phrase("Declined, nothing charged"),
    cancelled: phrase("Cancelled, nothing charged"),
    not_needed: phrase("Nothing to pay"),
    partially_refunded: phrase("Paid, partly refunded"),
    refunded: phrase("Refunded"),
    disputed: phrase("Disputed by your bank"),
    charged_back: phrase("Taken back by your bank"),
  },
  tickets: { issued: phrase("Issued"), none: phrase("Issued as soon as the payment is in") },
};
