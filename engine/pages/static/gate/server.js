/** Speaks to /v1 as a scanner: its credential, a short patience, and the difference between our clock and the server's. */

export const VALIDATE_TIMEOUT_MS = 2500;
export const SYNC_TIMEOUT_MS = 20000;

/** The server said no to the request itself (not to a ticket). */
export class Refused extends Error {
  constructor(status, document) {
    super(document.detail || document.title || `The server answered ${status}`);
    this.name = "Refused";
    this.status = status;
    this.code = document.code || "unknown";
  }
}

/** Nobody answered in time, or the answer was that the server cannot right now. */
export class Away extends Error {
  name = "Away";
}

export class Server {
  constructor(credential) {
    this.credential = credential;
    this.offsetMs = null; // what must be added to our clock; null until the server told its time
  }

  get deviceId() {
    return this.credential.split(".")[0];
  }

  /** One request; {status, headers, value}. Away where the network or the server is, Refused where it says no. */
  async ask(method, path, { body, headers = {}, timeoutMs = SYNC_TIMEOUT_MS } = {}) {
    let response;
    const sentAt = Date.now();
    try {
      response = await fetch(path, {
        method,
        cache: "no-store",
        credentials: "omit",
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          Authorization: `Device ${this.credential}`,
          Accept: "application/json",
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          ...headers,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch (error) {
      throw new Away(error.message);
    }
    this.learnClock(response, sentAt);
    if (response.status >= 500 || response.status === 429) throw new Away(`The server answered ${response.status}`);
    if (response.status === 304 || response.status === 204) return { status: response.status, headers: response.headers, value: null };
    let value;
    try {
      value = await response.json();
    } catch (error) {
      throw new Away(error.message);
    }
    if (value?.code === "idempotency_in_flight") throw new Away("The same request is still being answered");
    if (!response.ok) throw new Refused(response.status, value ?? {});
    return { status: response.status, headers: response.headers, value };
  }

  learnClock(response, sentAt) {
    const server = Number(response.headers.get("X-Server-Now-Ms"));
    if (server) this.offsetMs = Math.round(server - (sentAt + Date.now()) / 2);
  }

  async validate(scan) {
    return (await this.ask("POST", "/v1/tickets/validate", { body: scan, timeoutMs: VALIDATE_TIMEOUT_MS })).value;
  }
}
