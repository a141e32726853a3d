/** One scanner may be open in several tabs. They take turns where one truth is at stake, and tell each other what changed. */

const NAME = "onsale-gate";
const TURN_PATIENCE_MS = 2000;

const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(NAME) : null;
let chain = Promise.resolve();

/** Run `work` while no other tab does. A tab that was frozen in its turn loses it. */
export async function alone(work) {
  if (!navigator.locks) {
    const turn = chain.then(work, work);
    chain = turn.catch(() => {});
    return turn;
  }
  let begun = false;
  const once = () => {
    begun = true;
    return work();
  };
  try {
    return await navigator.locks.request(NAME, { signal: AbortSignal.timeout(TURN_PATIENCE_MS) }, once);
  } catch (error) {
    if (begun) throw error;
    return navigator.locks.request(NAME, { steal: true }, once);
  }
}

/** Run `work` unless another tab is at it. */
export function oneOf(name, work) {
  if (!navigator.locks) return work();
  return navigator.locks.request(`${NAME}-${name}`, { ifAvailable: true }, (lock) => (lock ? work() : undefined));
}

export const tell = (kind, value) => channel?.postMessage({ kind, value });

/** `handlers[kind](value)` for what other tabs tell. */
export function hear(handlers) {
  channel?.addEventListener("message", ({ data }) => handlers[data.kind]?.(data.value));
}
