/** The camera: frames in, texts of QR codes out. The browser's own detector where there is one, else jsQR in a worker.
 *
 * Each round looks at the whole frame and at one more view of it in turn: inverted, or a part from close by, so that white on
 * black, small codes and two codes next to each other are found within a second or two. A camera that is lost (the phone was
 * locked, it was unplugged, another app has it) is asked for again by itself; `onState` tells how it is. */

const FRAME_SIDE_MAX = 720;
const FRAME_PAUSE_MS = 40;
const SAME_CODE_PAUSE_MS = 3500;
const CHECK_EVERY_MS = 1000;
const STILL_MS = 4000; // a picture that does not move on for so long is none
const AGAIN_AFTER_MS = 2000;
const START_PATIENCE_MS = 8000;
const DARK_BELOW = 40; // of 255
const DARK_SAMPLE_PX = 24;

/* The views next to the whole frame: [left, top, width, height] as parts of it, and how it is looked at. */
const WHOLE = [0, 0, 1, 1];
const VIEWS = [
  [WHOLE, "onlyInvert"],
  [[0, 0, 0.55, 1], "attemptBoth"],
  [[0.45, 0, 0.55, 1], "attemptBoth"],
  [WHOLE, "onlyInvert"],
  [[0, 0, 1, 0.55], "attemptBoth"],
  [[0, 0.45, 1, 0.55], "attemptBoth"],
  [[0.25, 0.25, 0.5, 0.5], "attemptBoth"],
];

async function nativeDetector() {
  if (!("BarcodeDetector" in window)) return null;
  const formats = await window.BarcodeDetector.getSupportedFormats().catch(() => []);
  if (!formats.includes("qr_code")) return null;
  const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
  return async (canvas, context, inversion) => {
    if (inversion === "onlyInvert") {
      context.globalCompositeOperation = "difference";
      context.fillStyle = "#fff";
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.globalCompositeOperation = "source-over";
    }
    return (await detector.detect(canvas)).map((found) => found.rawValue).filter(Boolean);
  };
}

function workerDetector() {
  const worker = new Worker(new URL("./decoder.js", import.meta.url));
  return (canvas, context, inversion) =>
    new Promise((resolve) => {
      const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
      worker.onmessage = (event) => resolve(event.data ? [event.data] : []);
      worker.onerror = () => resolve([]);
      worker.postMessage({ pixels: data.buffer, width, height, inversion }, [data.buffer]);
    });
}

export class Camera {
  /** `onCode(text)` is called once for each code held into the frame; the same text again only after a pause.
   * `onState(state)`: "live", "starting", "refused", "busy", "none", "lost". */
  constructor(video, onCode, onState = () => {}) {
    this.video = video;
    this.onCode = onCode;
    this.onState = onState;
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.stream = null;
    this.wanted = false; // whether somebody wants to see through it
    this.starting = null;
    this.paused = false;
    this.seen = new Map(); // text -> when it was last in the frame
    this.round = 0;
    this.lastReadAt = performance.now();
    this.picture = { time: -1, at: 0 };
    this.brightness = 255;
    this.devices = [];
    this.facing = "environment";
    this.deviceId = null;
    this.looking = 0;
    setInterval(() => this.check(), CHECK_EVERY_MS);
    document.addEventListener("visibilitychange", () => this.check());
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.check());
    navigator.permissions?.query?.({ name: "camera" }).then((permission) => {
      permission.onchange = () => permission.state === "granted" && this.wanted && !this.live && this.start();
    }, () => {});
  }

  /** Ask for the camera and begin to look; from now on it is kept going. Never throws: `onState` tells. */
  start(deviceId = this.deviceId) {
    this.wanted = true;
    this.deviceId = deviceId;
    this.starting ??= this.open().finally(() => {
      this.starting = null;
      this.nextTryAt = performance.now() + AGAIN_AFTER_MS;
    });
    return this.starting;
  }

  async open() {
    this.halt();
    this.tellState("starting");
    try {
      if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("This browser gives no camera here", "NotSupportedError");
      const stream = await this.ask();
      if (!this.wanted) return stream.getTracks().forEach((track) => track.stop());
      this.stream = stream;
      const [track] = stream.getVideoTracks();
      track.addEventListener("ended", () => this.lose(track));
      this.video.srcObject = stream;
      await within(START_PATIENCE_MS, this.video.play());
      this.devices = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
      this.detect ??= (await nativeDetector()) || workerDetector();
      this.picture = { time: -1, at: performance.now() };
      this.lastReadAt = performance.now();
      this.tellState("live");
      this.look((this.looking += 1));
    } catch (error) {
      this.halt();
      this.tellState({ NotAllowedError: "refused", NotReadableError: "busy", AbortError: "busy", TimeoutError: "busy" }[error.name] || "none");
    }
  }

  async ask() {
    const size = { width: { ideal: 1280 }, height: { ideal: 720 } };
    const facing = { facingMode: { ideal: this.facing }, ...size };
    if (!this.deviceId) return navigator.mediaDevices.getUserMedia({ audio: false, video: facing });
    try {
      return await navigator.mediaDevices.getUserMedia({ audio: false, video: { deviceId: { exact: this.deviceId }, ...size } });
    } catch (error) {
      if (error.name !== "OverconstrainedError" && error.name !== "NotFoundError") throw error;
      this.deviceId = null; // that one was unplugged: any other will do
      return navigator.mediaDevices.getUserMedia({ audio: false, video: facing });
    }
  }

  /** Nobody wants to see through it any more. */
  stop() {
    this.wanted = false;
    this.halt();
  }

  halt() {
    this.looking += 1;
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
  }

  lose(track) {
    if (!this.wanted || (track && track !== this.track)) return;
    this.halt();
    this.tellState("lost");
    this.nextTryAt = performance.now();
    this.check();
  }

  /** Once a second, and when the page is seen again: whether the picture still moves; if not, begin anew. */
  check() {
    if (!this.wanted || this.starting || document.hidden) return;
    const now = performance.now();
    if (this.stream) {
      if (this.video.paused) this.video.play().catch(() => {});
      if (this.video.currentTime !== this.picture.time) this.picture = { time: this.video.currentTime, at: now };
      if (this.track?.readyState === "ended" || now - this.picture.at > STILL_MS) this.lose();
    } else if (this.state !== "refused" && now >= (this.nextTryAt || 0)) {
      this.start();
    }
  }

  tellState(state) {
    // While it is asked for again and again, what went wrong stays said.
    if (state === "starting" && this.state && this.state !== "live") return;
    this.state = state;
    this.onState(state);
  }

  get live() {
    return this.state === "live";
  }

  get track() {
    return this.stream?.getVideoTracks()[0] || null;
  }

  get hasTorch() {
    return Boolean(this.track?.getCapabilities?.().torch);
  }

  /** Milliseconds in which it looked and found nothing. */
  get idleMs() {
    return this.live && !this.paused ? performance.now() - this.lastReadAt : 0;
  }

  get dark() {
    return this.brightness < DARK_BELOW;
  }

  torch(on) {
    return this.track.applyConstraints({ advanced: [{ torch: on }] });
  }

  /** The next camera of this device, in turn. */
  async flip() {
    const now = this.track?.getSettings().deviceId;
    const index = this.devices.findIndex((device) => device.deviceId === now);
    await this.start(this.devices[(index + 1) % this.devices.length].deviceId);
  }

  async look(turn) {
    while (turn === this.looking) {
      if (!this.paused && !document.hidden && this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
        const found = new Set(await this.read(WHOLE, "dontInvert"));
        if (!found.size) {
          const [part, inversion] = VIEWS[(this.round += 1) % VIEWS.length];
          for (const text of await this.read(part, inversion)) found.add(text);
        } else if ((this.round += 1) % 2) {
          // A code that is found right away may hide another one next to it.
          const [part, inversion] = VIEWS[1 + (this.round >> 1) % (VIEWS.length - 1)];
          for (const text of await this.read(part, inversion)) found.add(text);
        }
        if (turn === this.looking && !this.paused) this.tell([...found]);
      } else {
        this.lastReadAt = performance.now();
      }
      await new Promise((resolve) => setTimeout(resolve, FRAME_PAUSE_MS));
    }
  }

  async read([left, top, width, height], inversion) {
    const { videoWidth, videoHeight } = this.video;
    const [partWidth, partHeight] = [videoWidth * width, videoHeight * height];
    const scale = Math.min(1, FRAME_SIDE_MAX / Math.max(partWidth, partHeight));
    this.canvas.width = Math.max(1, Math.round(partWidth * scale));
    this.canvas.height = Math.max(1, Math.round(partHeight * scale));
    this.context.drawImage(this.video, videoWidth * left, videoHeight * top, partWidth, partHeight, 0, 0, this.canvas.width, this.canvas.height);
    if (inversion === "dontInvert") this.measure();
    try {
      return await this.detect(this.canvas, this.context, inversion);
    } catch {
      this.detect = workerDetector();
      return [];
    }
  }

  /** How bright the middle of the frame is. */
  measure() {
    const [x, y] = [(this.canvas.width - DARK_SAMPLE_PX) / 2, (this.canvas.height - DARK_SAMPLE_PX) / 2].map((at) => Math.max(0, Math.floor(at)));
    const { data } = this.context.getImageData(x, y, DARK_SAMPLE_PX, DARK_SAMPLE_PX);
    let sum = 0;
    for (let at = 0; at < data.length; at += 4) sum += data[at] + data[at + 1] + data[at + 2];
    this.brightness = sum / (data.length / 4) / 3;
  }

  /** A code that stays in the frame is one scan, not twenty; of several, the one that was not seen yet. */
  tell(texts) {
    const now = performance.now();
    if (texts.length) this.lastReadAt = now;
    const fresh = texts.filter((text) => now - (this.seen.get(text) ?? -Infinity) >= SAME_CODE_PAUSE_MS);
    for (const [text, at] of this.seen) if (now - at >= SAME_CODE_PAUSE_MS) this.seen.delete(text);
    for (const text of texts) if (!fresh.includes(text) || text === fresh[0]) this.seen.set(text, now);
    if (fresh.length) this.onCode(fresh[0]);
  }
}

function within(ms, promise) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new DOMException("No picture came", "TimeoutError")), ms));
  return Promise.race([promise, late]);
}
