/** The door's proof of work (ALTCHA), in a worker so that the page stays awake: {challenge} in, the payload out. */

import { sha256, toHex } from "./sha256.js";

self.onmessage = ({ data: challenge }) => {
  const text = new TextEncoder();
  for (let number = 0; number <= challenge.maxnumber; number++) {
    if (toHex(sha256(text.encode(challenge.salt + number))) === challenge.challenge) {
      const { algorithm, salt, signature } = challenge;
      self.postMessage(btoa(JSON.stringify({ algorithm, challenge: challenge.challenge, number, salt, signature })));
      return;
    }
  }
  self.postMessage(null);
};
