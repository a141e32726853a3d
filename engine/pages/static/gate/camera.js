/** The camera: frames in, texts of QR codes out. The browser's own detector where there is one, else jsQR in a worker. */

const FRAME_SIDE_MAX = 720;
const FRAME_PAUSE_MS = 60;
const SAME_CODE_PAUSE_MS = 3500;

async function nativeDetector() {
  if (!("BarcodeDetector" in window)) return null;
  const formats = await window.BarcodeDetector.getSupportedFormats().catch(() => []);
  if (!formats.includes("qr_code")) return null;
  const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
  return async (canvas) => (await detector.detect(canvas))[0]?.rawValue || null;
}

function workerDetector() {
  const worker = new Worker(new URL("./decoder.js", import.meta.url));
  return (canvas, context) =>
    new Promise((resolve) => {
      const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
      worker.onmessage = (event) => resolve(event.data);
      worker.onerror = () => resolve(null);
      worker.postMessage({ pixels: data.buffer, width, height }, [data.buffer]);
    });
}

export class Camera {
  /** `onCode(text)` is called once for each code held into the frame; the same text again only after a pause. */
  constructor(video, onCode) {
    this.video = video;
    this.onCode = onCode;
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.stream = null;
    this.running = false;
    this.paused = false;
    this.last = { text: "", seenAt: 0 };
    this.devices = [];
    this.facing = "environment";
  }

  /** Ask for the camera and begin to look. Throws what getUserMedia throws. */
  async start(deviceId) {
    this.stop();
    if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("This browser gives no camera here", "NotSupportedError");
    const wanted = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: { ideal: this.facing } };
    this.stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { ...wanted, width: { ideal: 1280 }, height: { ideal: 720 } },
    });
    this.video.srcObject = this.stream;
    await this.video.play();
    this.devices = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
    this.detect ??= (await nativeDetector()) || workerDetector();
    this.running = true;
    this.look();
  }

  stop() {
    this.running = false;
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
  }

  get track() {
    return this.stream?.getVideoTracks()[0] || null;
  }

  get hasTorch() {
    return Boolean(this.track?.getCapabilities?.().torch);
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

  async look() {
    while (this.running) {
      if (!this.paused && !document.hidden && this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
        const text = await this.read();
        if (text && this.running && !this.paused) this.tell(text);
      }
      await new Promise((resolve) => setTimeout(resolve, FRAME_PAUSE_MS));
    }
  }

  async read() {
    const { videoWidth, videoHeight } = this.video;
    const scale = Math.min(1, FRAME_SIDE_MAX / Math.max(videoWidth, videoHeight));
    this.canvas.width = Math.max(1, Math.round(videoWidth * scale));
    this.canvas.height = Math.max(1, Math.round(videoHeight * scale));
    this.context.drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    try {
      return await this.detect(this.canvas, this.context);
    } catch {
      this.detect = workerDetector();
      return null;
    }
  }

  /** A code that stays in the frame is one scan, not twenty. */
  tell(text) {
    const now = performance.now();
    const same = text === this.last.text && now - this.last.seenAt < SAME_CODE_PAUSE_MS;
    this.last = { text, seenAt: now };
    if (!same) this.onCode(text);
  }
}
