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

/* The shell: the network first, so that a release arrives; what is kept, where there is none. The one that came last is
   kept, in the language that its reader chose, if it is of this release: of another one the files are not here. */
async function shell(event) {
  try {
    const answer = await fetch(event.request);
    const copy = answer.clone();
    if (answer.ok) event.waitUntil(keep(copy));
    return answer;
  } catch {
    return caches.match("/gate", { ignoreVary: true });
  }
}

async function keep(answer) {
  const text = await answer.clone().text();
  if (text.includes(`data-release="{{ version }}"`)) await (await caches.open(KEPT)).put("/gate", answer);
}

/* Versioned files: kept first. */
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname === "/gate") {
    event.respondWith(shell(event));
  } else if (FILES.includes(url.pathname)) {
    event.respondWith(caches.match(event.request).then((kept) => kept || fetch(event.request)));
  }
});
