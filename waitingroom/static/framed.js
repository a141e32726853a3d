/** A page of ours inside of the organizer's own: cookies that are kept for that site alone, its height, the way out.
    It runs before anything is drawn, and does nothing in a window of its own. */

(() => {
  if (window.parent === window) return;

  const framers = document.currentScript.dataset.framers.split(" ");
  const prefix = location.protocol === "https:" ? "__Host-" : "";
  const stays = /^\/(?:e|checkout|order|r)\//; // what these sites may show; all else opens a window of its own
  let framer = null; // the origin of the page around, once it has greeted

  const keep = (name, value) => { document.cookie = `${prefix}${name}=${value}; Path=/; Secure; SameSite=None; Partitioned`; };
  const tell = (message) => { if (framer) window.parent.postMessage(message, framer); };
  const tellHeight = () => tell({ onsale: "height", px: Math.ceil(document.body.getBoundingClientRect().height) });

  keep("onsale_framed", "1");
  const language = new URLSearchParams(location.search).get("lang");
  if (/^[a-z]{2}$/.test(language ?? "")) keep("onsale_language", language);
  document.documentElement.classList.add("framed");

  addEventListener("message", ({ source, origin, data }) => {
    if (source !== window.parent || !framers.includes(origin) || data?.onsale !== "hello") return;
    framer = origin;
    tell({ onsale: "ready", cookies: document.cookie.includes(`${prefix}onsale_framed=1`) });
    tellHeight();
  });
  addEventListener("DOMContentLoaded", () => new ResizeObserver(tellHeight).observe(document.body));
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]")) tell({ onsale: "close" });
  });
  addEventListener("click", ({ target }) => {
    const link = target instanceof Element ? target.closest("a[href]") : null;
    if (!link || (stays.test(link.pathname) && !link.closest("[data-elsewhere]"))) return;
    if (link.pathname === location.pathname && link.hash) return;
    link.target = "_blank";
    link.rel = "noopener";
  }, true);
})();
