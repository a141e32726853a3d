/** The states of an order in words (the same as templates/orders/states.html). */

export const WORDS = {
  hold: { kept: "Kept for you", sold: "Yours", released: "Back on sale" },
  payment: {
    awaiting_payment: "Waiting for you to pay",
    in_lane: "Waiting in line for the payment provider",
    processing: "Your bank is working on it",
    succeeded: "Paid",
    failed: "Declined, nothing charged",
    cancelled: "Cancelled, nothing charged",
    not_needed: "Nothing to pay",
    partially_refunded: "Paid, partly refunded",
    refunded: "Refunded",
    disputed: "Disputed by your bank",
    charged_back: "Taken back by your bank",
  },
  tickets: { issued: "Issued", none: "Issued as soon as the payment is in" },
};
