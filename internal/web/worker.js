// The service worker below /v. It keeps the page that checks a seal, its files
// and the published keys, and shows that page when there is no network. It
// never keeps a verdict or anything else of an act, and never answers in the
// network's place while there is one. What is kept stands in "kept", which the
// server writes before this: a change there is another version.
'use strict';
const store = 'docsvc-' + kept.version;
const keysPath = '/v/keys';

self.addEventListener('install', (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open(store).then((cache) => cache.addAll(kept.files.map((file) =>
    new Request(file, {credentials: 'omit', cache: file === keysPath ? 'no-cache' : 'default'})))));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(caches.keys()
    .then((names) => Promise.all(names.filter((name) => name !== store).map((name) => caches.delete(name))))
    .then(() => self.clients.claim()));
});

self.addEventListener('fetch', (event) => {
  const request = event.request, url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.mode === 'navigate') {
    if (request.method === 'GET' || url.pathname === '/v') event.respondWith(page(event, url));
  } else if (request.method !== 'GET') {
    return;
  } else if (url.pathname === keysPath) {
    event.respondWith(keys());
  } else if (url.pathname.startsWith('/static/')) {
    event.respondWith(file(request));
  }
});

// page asks the network; a gateway that does not reach the service is no answer.
async function page(event, url) {
  try {
    const answer = await fetch(event.request);
    if (answer.status !== 502 && answer.status !== 504) {
      event.waitUntil(keys().catch(() => {}));
      return answer;
    }
  } catch (e) { /* no network */ }
  const asked = [url.searchParams.get('lang'), ...navigator.languages.map((l) => l.slice(0, 2))];
  const lang = asked.find((l) => kept.languages.includes(l)) || kept.languages[0];
  const path = url.pathname === '/v' && event.request.method === 'GET' ? '/v' : '/v/offline';
  return (await fromStore(path + '?lang=' + lang)) || Response.error();
}

// keys are the network's; without it, those that were last seen.
async function keys() {
  try {
    const answer = await fetch(keysPath, {credentials: 'omit'});
    if (answer.ok) {
      const cache = await caches.open(store);
      await cache.put(keysPath, answer.clone());
      return answer;
    }
  } catch (e) { /* no network */ }
  return (await fromStore(keysPath)) || Response.error();
}

// file gives a static file, whose name never means another content.
async function file(request) {
  const found = await fromStore(request.url);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok) {
    const cache = await caches.open(store);
    await cache.put(request.url, answer.clone());
  }
  return answer;
}

async function fromStore(path) {
  const cache = await caches.open(store);
  return cache.match(path, {ignoreVary: true});
}
