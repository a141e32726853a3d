/** Signing a scanner in: its credential is checked with the server once and kept sealed on the device. */

import { phrase } from "../words.js";
import * as store from "./store.js";
import * as tabs from "./tabs.js";
import { Away, Refused, Server } from "./server.js";
import { trouble } from "./words.js";

const CREDENTIAL = /^dev_[0-9A-HJKMNP-TV-Z]{26}\.[A-Za-z0-9_-]{20,128}$/;

/** The scanner that signed in here before, or null; also where the device's storage does not answer. */
export async function remembered() {
  try {
    return (await store.open(await store.read("kept", "scanner"))) ?? null;
  } catch {
    return null;
  }
}

/** Who the credential belongs to. Throws an Error whose message a person can act on. */
export async function signIn(text) {
  const credential = text.trim().replace(/^Device\s+/i, "");
  if (!CREDENTIAL.test(credential)) throw plain(phrase("That is not a scanner's credential: it begins with dev_ and has a dot in it."));
  const server = new Server(credential);
  try {
    const { value } = await server.ask("GET", "/v1/devices/me");
    const scanner = { ...value, credential, gate: value.gates[0] || "" };
    await forget().catch(() => {});
    await remember(scanner);
    tabs.tell("scanner");
    return scanner;
  } catch (error) {
    if (error instanceof Away) throw plain(phrase("The server does not answer. Signing in needs the network."));
    if (error instanceof Refused && error.code !== "revoked_device" && error.status === 401) throw plain(phrase("The server does not know this credential."));
    throw plain(trouble(error));
  }
}

const plain = (words) => Object.assign(new Error(words), { plain: true });

/** Keep the scanner for the next visit, where the device can. */
export async function remember(scanner) {
  try {
    await store.write("kept", "scanner", await store.seal(scanner));
  } catch {
    // It works on in this page; the next visit needs the credential again.
  }
}

/** Forget the scanner and what it knew. Scans that wait, and the key they are sealed with, stay. */
async function forget() {
  const keys = (await store.keys("kept")).filter((key) => key !== "key" && key !== "told");
  if (keys.length) await store.remove("kept", ...keys);
}

export async function signOut() {
  await forget().catch(() => {});
  tabs.tell("scanner");
}
