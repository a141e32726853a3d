/** A button on an organizer's own page that opens an event, its queue and its shop in a dialog there.

    <script async src=".../widget.js" data-event="the event's short name or id" data-label="Buy tickets" data-lang="en"></script>

    The page may colour the button: --onsale-ground, --onsale-ink, or ::part(button). */

(() => {
  const script = document.currentScript;
  const engine = new URL(script.src).origin;
  const { room, words } = {{ setup }};
  const { event, label, lang } = script.dataset;
  const spoken = (lang || document.documentElement.lang || navigator.language).slice(0, 2).toLowerCase();
  const said = words[spoken] ?? words.en;
  const address = `${engine}/e/${encodeURIComponent(event ?? "")}${words[spoken] ? `?lang=${spoken}` : ""}`;
  const NO_ANSWER_MS = 4000, HEIGHT_MIN_PX = 320;
  // Frames keep cookies over TLS only; browsers trust this machine without it.
  const keepsCookies = engine.startsWith("https:") || ["localhost", "127.0.0.1"].includes(new URL(engine).hostname);

  const look = new CSSStyleSheet();
  look.replaceSync(`
    :host { display: inline-block; }
    .open { min-height: 2.75rem; padding: 0.5rem 1.5rem; border: 2px solid var(--onsale-ground, #16133a); border-radius: 999px; background: var(--onsale-ground, #16133a); color: var(--onsale-ink, #ffffff); font: 650 1.0625rem / 1.2 system-ui, sans-serif; cursor: pointer; }
    .open:focus-visible, .close:focus-visible, a:focus-visible { outline: 3px solid #3326c9; outline-offset: 3px; }
    dialog { box-sizing: border-box; width: min(72rem, 100vw - 1rem); max-width: none; max-height: calc(100dvh - 1rem); padding: 0; border: 1px solid #857f92; border-radius: 0.75rem; overflow: hidden; background: #fffdf8; color: #16133a; font: 400 1rem / 1.5 system-ui, sans-serif; }
    dialog::backdrop { background: #0e0c26b3; }
    .bar { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0 1rem; padding: 0 1rem; }
    .bar a { display: inline-flex; align-items: center; min-height: 2.75rem; color: #3326c9; }
    .close { min-width: 2.75rem; min-height: 2.75rem; padding: 0; border: 0; background: none; color: inherit; font: inherit; font-size: 1.5rem; cursor: pointer; }
    iframe { display: block; width: 100%; height: 70dvh; max-height: calc(100dvh - 4rem); border: 0; }
    p { margin: 0; padding: 1rem; }
    @media (forced-colors: active) { .open, dialog { border: 1px solid; } }
  `);

  const make = (name, facts = {}, ...inside) => {
    const made = Object.assign(document.createElement(name), facts);
    made.append(...inside);
    return made;
  };

  const open = make("button", { type: "button", className: "open" }, label || said.buy);
  open.part.add("button");
  open.setAttribute("aria-haspopup", "dialog");
  const close = make("button", { type: "button", className: "close" }, "\u00d7");
  close.setAttribute("aria-label", said.close);
  const elsewhere = make("a", { href: address, target: "_blank", rel: "noopener" }, said.elsewhere);
  const body = make("div");
  const dialog = make("dialog", {}, make("div", { className: "bar" }, elsewhere, close), body);
  dialog.setAttribute("aria-label", label || said.buy);
  dialog.part.add("dialog");
  let frame = null, waiting = 0;

  const start = () => {
    if (!keepsCookies) return void window.open(address, "_blank", "noopener");
    frame = make("iframe", { src: address, title: label || said.buy, allow: "payment; clipboard-write; fullscreen" });
    frame.addEventListener("load", greet);
    body.replaceChildren(frame);
    dialog.showModal();
  };

  /** Each page in the frame is told who asks; the browser gives it to the named origins alone. */
  const greet = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => giveUp(said.refused), NO_ANSWER_MS);
    for (const origin of new Set([engine, room])) frame.contentWindow.postMessage({ onsale: "hello" }, origin);
  };

  /** The event is not shown here: the site is not on the organizer's list, or the browser keeps nothing for it. */
  const giveUp = (why) => {
    clearTimeout(waiting);
    frame = null;
    body.replaceChildren(make("p", {}, why));
    elsewhere.focus();
  };

  addEventListener("message", ({ source, origin, data }) => {
    if (!frame || source !== frame.contentWindow || (origin !== engine && origin !== room)) return;
    clearTimeout(waiting);
    if (data?.onsale === "ready" && !data.cookies) giveUp(said.forgetful);
    else if (data?.onsale === "height" && Number.isFinite(data.px)) frame.style.height = `${Math.max(HEIGHT_MIN_PX, data.px)}px`;
    else if (data?.onsale === "close") dialog.close();
  });
  open.addEventListener("click", start);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => { clearTimeout(waiting); frame = null; body.replaceChildren(); });

  const host = document.createElement("span");
  const shadow = host.attachShadow({ mode: "open" });
  shadow.adoptedStyleSheets = [look];
  shadow.append(open, dialog);
  if (script.closest("body")) script.after(host);
  else addEventListener("DOMContentLoaded", () => document.body.append(host));
})();
