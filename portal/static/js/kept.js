/* The copy of a safety plan that somebody chose to keep in this browser. Its words are stored sealed, under a key that the
   browser made, holds and does not give out: no script can read that key, this one neither. Whoever can unlock the device
   can open the copy, and so the page says before it is made. Nothing else of anybody is put into the browser's storage.

   The server knows that there is a copy, by what this browser holds of 32 random bytes, and says when it has ended; then it
   is removed here. Where nobody answers, it stays: it is for days without a network.

   [data-kept-link]     is shown where this browser keeps a copy
   [data-kept-words]    gets the words; data-kept-none and data-kept-ended are said instead, data-kept-remove removes it
   [data-plan-copy]     offers to make one; its value is the revision of the plan, data-plan-keep the form
   script[data-renews]  a patient is signed in, so that a newer version is fetched */
(() => {
  "use strict";
  if (!globalThis.indexedDB || !globalThis.crypto?.subtle) return;
  const NAME = "kept";
  const KEY = "copy";
  const BLOCK = 2048; // bytes: the size of what is stored tells little of how much was written
  const WAIT = 3000; // milliseconds for a network that is there and says nothing
  const PAUSE = 60000; // milliseconds between two questions of pages that are not about it
  const renews = "renews" in document.currentScript.dataset;
  const find = (name) => document.querySelector(`[data-${name}]`);
  const show = (name, shown = true) => document.querySelectorAll(`[data-${name}]`).forEach((one) => { one.hidden = !shown; });
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

  async function open() {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(NAME);
    return done(request);
  }

  async function withStore(mode, act) {
    const database = await open();
    try {
      return await done(act(database.transaction(NAME, mode, { durability: "strict" }).objectStore(NAME)));
    } finally {
      database.close();
    }
  }

  async function load() {
    const known = await indexedDB.databases?.() ?? [{ name: NAME }];
    return known.some(({ name }) => name === NAME) ? withStore("readonly", (store) => store.get(KEY)) : undefined;
  }

  const put = (record) => withStore("readwrite", (store) => store.put(record, KEY));
  const wipe = () => withStore("readwrite", (store) => store.clear());

  async function seal({ token, revision, parts }) {
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const text = new TextEncoder().encode(JSON.stringify(parts));
    const padded = new Uint8Array(Math.ceil((text.length + 1) / BLOCK) * BLOCK).fill(32);
    padded.set(text);
    const additionalData = new TextEncoder().encode(token);
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, padded);
    await put({ token, revision, key, iv, sealed, asked: Date.now() });
  }

  async function unseal({ token, key, iv, sealed }) {
    const additionalData = new TextEncoder().encode(token);
    return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, key, sealed)));
  }

  const send = (address, fields, credentials = "same-origin") => fetch(address, {
    method: "POST", body: new URLSearchParams(fields), credentials, redirect: "error", signal: AbortSignal.timeout(WAIT),
  });
  const isJson = (answer) => answer.ok && answer.status === 200 && answer.headers.get("content-type")?.startsWith("application/json");

  // Only the server's own word ends a copy: no answer, or another one, leaves it.
  async function look(record) {
    if (!navigator.onLine) return record;
    try {
      if (!record.key) {
        if ((await send("/kept", { copy: record.token, go: "remove" }, "omit")).status === 410) await wipe();
        return undefined;
      }
      if ((await send("/kept", { copy: record.token }, "omit")).status === 410) {
        await wipe();
        return undefined;
      }
      if (renews) {
        const answer = await send("/safety-plan/copy/renewal", { copy: record.token, revision: record.revision });
        if (answer.status === 410) {
          await wipe();
          return undefined;
        }
        if (answer.status === 409) return { ...record, isTheirs: true };
        if (isJson(answer)) await seal(await answer.json());
      }
      const now = await load();
      if (now?.key && now.token === record.token) await put({ ...now, asked: Date.now() });
      return now;
    } catch {
      return record;
    }
  }

  function draw(parts) {
    find("kept-words").replaceChildren(...parts.map(({ label, lines }) => {
      const part = document.createElement("li");
      const list = Object.assign(document.createElement("ol"), { className: "safety-lines" });
      for (const line of lines) {
        const item = Object.assign(document.createElement("li"), { className: "words" });
        item.append(...line.map(([text, href]) => (/^tel:\+?\d+$/.test(href) ? Object.assign(document.createElement("a"), { href, textContent: text }) : text)));
        list.append(item);
      }
      part.append(Object.assign(document.createElement("h2"), { textContent: label }), list);
      return part;
    }));
  }

  async function drawKept(record, had) {
    const parts = record?.key ? await unseal(record) : [];
    draw(parts);
    show("kept-none", !parts.length && !had);
    show("kept-ended", !parts.length && had);
    show("kept-removal", parts.length > 0);
  }

  async function remove() {
    const record = await load();
    if (record) await put({ token: record.token }); // the words are gone; the server hears of it when it can
    await drawKept(undefined, true);
    if (record) await look({ token: record.token });
  }

  async function make(form) {
    show("plan-failed", false);
    const answer = await send(form.action, {});
    if (!isJson(answer)) return form.submit(); // held, locked or signed out: the whole page says what to do
    const made = await answer.json();
    const before = await load();
    try {
      await seal(made);
    } catch (error) {
      await send("/kept", { copy: made.token, go: "remove" }, "omit");
      throw error;
    }
    if (before) await send("/kept", { copy: before.token, go: "remove" }, "omit").catch(() => {});
    location.reload();
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-plan-keep]")) return;
    event.preventDefault();
    make(event.target).catch(() => show("plan-failed"));
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-kept-remove]")) remove().catch(() => {});
  });

  async function start() {
    const plan = find("plan-copy");
    const words = find("kept-words");
    let record = await load();
    const had = Boolean(record?.key);
    const now = Date.now();
    if (record && (plan || words || find("kept-link") || Math.abs(now - (record.asked ?? 0)) > PAUSE)) record = await look(record);
    if (record?.key) show("kept-link");
    if (words) await drawKept(record, had);
    if (!plan) return;
    plan.hidden = false;
    show(record?.key && !record.isTheirs ? "plan-here" : "plan-offer");
  }

  const begin = () => start().catch(() => {});
  begin();
  window.addEventListener("online", begin);
})();
