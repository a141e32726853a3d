/** Signing a scanner in: its credential is checked with the server once and kept sealed on the device. */

import * as store from "./store.js";
import { Away, Refused, Server } from "./server.js";

const CREDENTIAL = /^dev_[0-9A-HJKMNP-TV-Z]{26}\.[A-Za-z0-9_-]{20,128}$/;

/** The scanner that signed in here before, or null. */
export async function remembered() {
  return store.open(await store.read("kept", "scanner"));
}

/** Who the credential belongs to. Throws an Error whose message a person can act on. */
export async function signIn(text) {
  const credential = text.trim().replace(/^Device\s+/i, "");
  if (!CREDENTIAL.test(credential)) throw new Error("That is not a scanner's credential: it begins with dev_ and has a dot in it.");
  const server = new Server(credential);
  try {
    const { value } = await server.ask("GET", "/v1/devices/me");
    const scanner = { ...value, credential, gate: value.gates[0] || "" };
    await store.clear();
    await store.write("kept", "scanner", await store.seal(scanner));
    await store.write("kept", "bundle_key", value.bundle_key);
    return scanner;
  } catch (error) {
    if (error instanceof Away) throw new Error("The server does not answer. Signing in needs the network.", { cause: error });
    if (error instanceof Refused && error.code === "revoked_device") throw new Error("This scanner was revoked by the organizer.", { cause: error });
    if (error instanceof Refused && error.status === 401) throw new Error("The server does not know this credential.", { cause: error });
    throw error;
  }
}

export async function remember(scanner) {
  await store.write("kept", "scanner", await store.seal(scanner));
}

export const signOut = () => store.clear();
