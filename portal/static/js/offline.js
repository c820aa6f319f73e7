/* What the browser keeps for when there is no network: pages that anybody may read, as nobody's, and what they look like.
   /offline.js puts CACHE, LANGUAGE and FILES before this; they are others once another language was chosen here. Every file is fetched without the cookie, so none of them is anybody's;
   what somebody signed in is shown is never stored. Their title and icon say nothing, for whoever chose that and for
   everybody else: which it was is not stored either. Signing out leaves them: grounding is there on the next bad day too.

   A page of ours comes from the network whenever that answers; everything else is none of this script's business. */
"use strict";
const WAIT = 4000; // milliseconds for a network that is there and says nothing
const pathOf = (address) => new URL(address, location.href).pathname;
const PATHS = new Set(FILES.map(pathOf));

async function store(cache, file) {
  const answer = await fetch(file, { credentials: "omit", redirect: "error", headers: { "hearthside-offline": LANGUAGE } });
  if (answer.ok) await cache.put(pathOf(file), answer);
}

const storeAll = async () => {
  const cache = await caches.open(CACHE);
  await Promise.all(FILES.map((file) => store(cache, file)));
};

const removeOthers = async () => {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name)));
};

async function storeAgain(path) {
  try {
    await store(await caches.open(CACHE), path);
  } catch {
    // the one of before stays
  }
}

const silence = () => new Promise((resolve, reject) => { setTimeout(() => reject(new Error("no answer")), WAIT); });

async function answer(event, path) {
  const { request } = event;
  const stored = () => caches.match(path, { cacheName: CACHE });
  try {
    const found = await (request.mode === "navigate" ? Promise.race([fetch(request), silence()]) : fetch(request));
    if (request.mode === "navigate" && found.ok) event.waitUntil(storeAgain(path));
    return found.status < 500 ? found : (await stored()) ?? found;
  } catch (error) {
    const known = await stored();
    if (known) return known;
    throw error;
  }
}

self.addEventListener("install", (event) => { event.waitUntil(storeAll().then(() => self.skipWaiting())); });
self.addEventListener("activate", (event) => { event.waitUntil(removeOthers().then(() => self.clients.claim())); });
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method === "GET" && origin === location.origin && PATHS.has(pathname)) event.respondWith(answer(event, pathname));
});
