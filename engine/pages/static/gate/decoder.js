/* The worker that looks for a QR in a frame, so that the page never stutters while it does. */
importScripts(new URL("../vendor/jsQR.js", self.location.href).href);

self.onmessage = ({ data: { pixels, width, height } }) => {
  const found = self.jsQR(new Uint8ClampedArray(pixels), width, height, { inversionAttempts: "dontInvert" });
  self.postMessage(found ? found.data : null);
};
