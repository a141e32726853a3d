/**
 * One stream a browser, however many tabs look: a browser opens six connections to one server and no more. One tab
 * leads, listens and tells the others; who leads is decided by a lock, which ends with its tab. Every tab notices by
 * itself when nothing is told any more, as behind a proxy that keeps a stream to itself.
 */

const FIRST_S = 5; // from asking to the first event
const SILENT_S = 25; // the server says something every 10 s
const SOON_S = 3; // until a stream that broke off is taken up again
const LATER_S = 60; // until one that said nothing is tried again

export class Live {
  /**
   * @param name what the tabs of this browser share
   * @param on {address(): where the stream goes on, told(news): {kind, data, live}, silent()}
   */
  constructor(name, on) {
    this.name = name;
    this.on = on;
    this.possible = Boolean(window.EventSource && navigator.locks && window.BroadcastChannel);
  }

  /** Listens, or hears from the tab that does. Without what that takes it is silent from the beginning. */
  start() {
    this.stop();
    if (!this.possible) { this.on.silent(); return; }
    const stopped = this.stopped = new AbortController();
    this.channel = new BroadcastChannel(this.name);
    this.channel.addEventListener("message", ({ data }) => this.#hear(data));
    this.#expect(FIRST_S);
    const lead = () => new Promise((done) => {
      stopped.signal.addEventListener("abort", done);
      if (stopped.signal.aborted) done();
      else this.#listen();
    });
    navigator.locks.request(this.name, { signal: stopped.signal }, lead).catch(() => { /* stopped while it waited */ });
  }

  /** Another tab may lead now. */
  stop() {
    this.stopped?.abort();
    this.#close();
    clearTimeout(this.watch);
    clearTimeout(this.again);
    this.channel?.close();
    this.channel = null;
  }

  /** What this tab found out by asking, for the others. */
  tell(data) {
    this.channel?.postMessage({ kind: data.changes ? "changes" : "snapshot", data, live: false });
  }

  #listen() {
    this.#close();
    const source = this.source = new EventSource(this.on.address());
    this.spoke = false;
    this.#expect(FIRST_S);
    for (const kind of ["snapshot", "changes", "beat"]) {
      source.addEventListener(kind, (event) => {
        this.spoke = true;
        const news = { kind, data: JSON.parse(event.data), live: true };
        this.channel?.postMessage(news);
        this.#hear(news);
      });
    }
    source.addEventListener("error", () => this.#fallSilent());
  }

  #hear(news) {
    this.#expect(SILENT_S);
    this.on.told(news);
  }

  #expect(seconds) {
    clearTimeout(this.watch);
    this.watch = setTimeout(() => this.#fallSilent(), seconds * 1000);
  }

  /** The tab that led keeps the lead: where its stream fails the others' would, and each takes a connection. */
  #fallSilent() {
    clearTimeout(this.watch);
    if (this.source) {
      this.#close();
      clearTimeout(this.again);
      this.again = setTimeout(() => this.#listen(), (this.spoke ? SOON_S : LATER_S) * 1000 * (1 + Math.random()));
    }
    this.on.silent();
  }

  #close() {
    this.source?.close();
    this.source = null;
  }
}
