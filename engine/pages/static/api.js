/** Speaks to /v1: JSON in and out, refusals as `Problem`, bounded retries where the server says "later". */

import { LOCALE } from "./words.js";

const TRIES_MAX = 4;
const RETRY_AFTER_MAX_S = 8;

/** A refusal of the server: its stable `code`, a sentence for people, and the facts beside it. */
export class Problem extends Error {
  constructor(status, document, retryAfterS) {
    super(document.detail || document.title || `The server answered ${status}`);
    this.status = status;
    this.code = document.code || "unknown";
    this.facts = document;
    this.retryAfterS = retryAfterS;
  }
}

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

async function once(method, path, { body, headers = {}, signal } = {}) {
  const response = await fetch(path, {
    method,
    signal,
    credentials: "same-origin",
    headers: { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (response.status === 304 || response.status === 204) return { status: response.status, headers: response.headers, value: null };
  const isJson = (response.headers.get("Content-Type") || "").includes("json");
  const value = isJson ? await response.json() : {};
  if (!response.ok) throw new Problem(response.status, value, Number(response.headers.get("Retry-After")) || null);
  return { status: response.status, headers: response.headers, value };
}

/**
 * One request, answered with `{status, headers, value}`. A request that may be repeated (a GET, or one with an
 * Idempotency-Key) is tried again on 503 and on a lost connection, with a pause that differs between visitors.
 */
export async function call(method, path, options = {}) {
  const repeatable = method === "GET" || options.headers?.["Idempotency-Key"];
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(method, path, options);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      const later = error instanceof Problem ? error.status === 503 || error.code === "idempotency_in_flight" : true;
      if (!repeatable || !later || attempt >= TRIES_MAX) throw error;
      const waitS = Math.min(RETRY_AFTER_MAX_S, error.retryAfterS || attempt);
      await pause(waitS * (1 + Math.random() * 0.5));
    }
  }
}

export const get = async (path, options) => (await call("GET", path, options)).value;
export const post = async (path, body, options = {}) => (await call("POST", path, { ...options, body })).value;

/** A fresh Idempotency-Key header. Keep it for as long as the body stays the same. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return { "Idempotency-Key": Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") };
}

/**
 * Minor units as money, by the visitor's own habits. How many decimals a currency has is the server's to say: browsers
 * write HUF, IDR, COP and PKR without any.
 * @param of the page's data: {currency, digits}
 */
export function money(cents, { currency, digits }) {
  const format = new Intl.NumberFormat(LOCALE, { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits });
  const text = format.format(cents / 10 ** digits);
  return document.documentElement.dir === "rtl" && /[$¥£]$/.test(text) ? `${text}\u200e` : text; // as the server writes it
}

/** An element with text and attributes; `on*` keys are listeners. Text is never parsed as HTML. */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}
