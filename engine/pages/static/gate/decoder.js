/* The worker that looks for a QR in a frame, so that the page never stutters while it does. White on black is turned round
   here: jsQR's own "onlyInvert" looks at nothing. */
importScripts(new URL("../vendor/jsQR.js", self.location.href).href);

function look({ pixels, width, height, inversion }) {
  const frame = new Uint8ClampedArray(pixels);
  if (inversion === "onlyInvert") frame.forEach((value, at) => (frame[at] = at % 4 === 3 ? value : 255 - value));
  const inversionAttempts = inversion === "attemptBoth" ? "attemptBoth" : "dontInvert";
  return self.jsQR(frame, width, height, { inversionAttempts });
}

self.onmessage = ({ data }) => {
  let found = null;
  try {
    found = look(data);
  } catch {
    // jsQR stumbles over some frames; the next one comes in a moment.
  }
  self.postMessage(found ? found.data : null);
};
