/** The room's HTTP contract as functions. A refusal is thrown with its stable code and facts. */

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? "");
    this.status = status;
    this.code = problem.code ?? "";
    this.problem = problem;
  }
}

export class Room {
  constructor(eventId) {
    this.base = `/v1/rooms/${eventId}`;
    this.etag = null;
  }

  /** The status document, or null where nothing is new. */
  async status() {
    const answer = await fetch(this.base, { headers: this.etag ? { "If-None-Match": this.etag } : {}, credentials: "omit" });
    if (answer.status === 304) return null;
    const document = await read(answer);
    this.etag = answer.headers.get("ETag");
    return document;
  }

  join(body) { return this.#post("join", body); }
  challenge() { return fetch(`${this.base}/challenge`).then(read); }
  claim(ticket) { return this.#post("claim", { queue_ticket: ticket }); }
  beat(ticket) { return this.#post("beat", { queue_ticket: ticket }); }

  /** Goodbye, sent even while the page goes away. */
  leave(ticket) {
    const goodbye = new Blob([JSON.stringify({ queue_ticket: ticket })], { type: "application/json" });
    navigator.sendBeacon(`${this.base}/leave`, goodbye);
  }

  async #post(verb, body) {
    const answer = await fetch(`${this.base}/${verb}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: await read(answer) };
  }
}

async function read(answer) {
  const document = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, document);
  return document;
}
