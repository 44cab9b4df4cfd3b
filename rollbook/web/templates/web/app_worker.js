// Keeps the app's page and its files, so that it opens without a signal. What is asked of the server otherwise goes to
// the server: nobody's data is kept here, and no answer is ever made up.
const NAME = "{{ name }}";
const KEPT = {{ kept|safe }};

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(KEPT)).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith("{{ mine }}") && name !== NAME).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});
self.addEventListener("fetch", (event) => {
  const path = new URL(event.request.url).pathname;
  if (event.request.method !== "GET" || !KEPT.includes(path)) return;
  event.respondWith(
    fetch(event.request)
      .then((answer) => {
        if (answer.ok && !answer.redirected) {
          const copy = answer.clone();
          caches.open(NAME).then((cache) => cache.put(path, copy));
        }
        return answer;
      })
      .catch(() => caches.match(path).then((kept) => kept || Response.error())),
  );
});
