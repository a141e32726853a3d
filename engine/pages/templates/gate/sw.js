/* Keeps the scanner's own files, so that it starts without a network. Answers of /v1 are never kept here: codes, names
   and verdicts live in the page's own encrypted store. */
const KEPT = "gate-{{ version }}";
const FILES = {{ files | safe }};

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("gate-") && name !== KEPT;
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

/* The shell: the network first, so that a release arrives; what is kept, where there is none. Versioned files: kept first. */
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname === "/gate") {
    event.respondWith(fetch(event.request).catch(() => caches.match("/gate")));
  } else if (FILES.includes(url.pathname)) {
    event.respondWith(caches.match(event.request).then((kept) => kept || fetch(event.request)));
  }
});
