/**
 * The stream of the last two minutes, one a browser however many tabs wait: a browser opens six connections to one
 * server and no more. The tab that has the lock listens and tells the others. Polls go on meanwhile, so a stream that
 * says nothing (a proxy keeps it to itself) is hung up on and not asked for again.
 */

const SILENT_S = 25; // the room says something every 10 s

export class Stream {
  /** @param told what to do with a status document, whichever tab heard it */
  constructor(address, told) {
    this.address = address;
    this.told = told;
    this.possible = Boolean(self.EventSource && navigator.locks && self.BroadcastChannel);
    if (!this.possible) return;
    this.others = new BroadcastChannel(address);
    this.others.addEventListener("message", ({ data }) => told(data));
  }

  /** Begins to listen, unless this tab or another one of this browser does. */
  open() {
    if (!this.possible || this.source) return;
    navigator.locks.request(this.address, { ifAvailable: true }, (lock) => lock && !this.source ? this.#listen() : undefined);
  }

  #listen() {
    return new Promise((ended) => {
      const source = this.source = new EventSource(this.address);
      let watch = 0;
      const end = () => { clearTimeout(watch); source.close(); this.source = null; ended(); };
      const expect = () => {
        clearTimeout(watch);
        watch = setTimeout(() => { this.possible = false; end(); }, SILENT_S * 1000);
      };
      source.addEventListener("status", (event) => {
        const news = JSON.parse(event.data);
        expect();
        this.others.postMessage(news);
        this.told(news);
      });
      source.addEventListener("beat", expect);
      source.addEventListener("error", end);
      expect();
    });
  }
}
