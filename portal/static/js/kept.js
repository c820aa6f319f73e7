/* The copy of a safety plan that somebody chose to keep in this browser. Its words are stored sealed, under a key that the
   browser made, holds and does not give out: no script can read that key, this one neither. Whoever can unlock the device
   can open the copy, and so the page says before it is made. Nothing else of anybody is put into the browser's storage.

   The server knows that there is a copy, by what this browser holds of 32 random bytes, and says when it has ended; then it
   is removed here. Where nobody answers, it stays: it is for days without a network.

   [data-kept-link]     is shown where this browser keeps a copy, and not where somebody else is signed in
   [data-kept-words]    gets the words; data-kept-none and data-kept-ended are said instead, data-kept-remove removes it
   [data-plan-copy]     offers to make one: data-plan-keep is the form; data-plan-theirs says that it takes another's place
   [data-needs-kept]    is said where a browser cannot keep one
   script[data-renews]  a patient is signed in, so that a newer version is fetched */
(() => {
  "use strict";
  if (!globalThis.indexedDB || !globalThis.crypto?.subtle) return;
  const NAME = "kept";
  const KEY = "copy";
  const BLOCK = 2048; // bytes: the size of what is stored tells little of how much was written
  const WAIT = 20000; // milliseconds for a network that is there and says nothing; the words do not wait for it
  const PAUSE = 60000; // milliseconds between two questions of pages that are not about it
  const renews = "renews" in document.currentScript.dataset;
  const find = (name) => document.querySelector(`[data-${name}]`);
  const show = (name, shown) => document.querySelectorAll(`[data-${name}]`).forEach((one) => { one.hidden = !shown; });
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

  async function open() {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(NAME);
    return done(request);
  }

  // Resolves once it is on disk; act may ask for more before its transaction ends.
  async function withStore(mode, act) {
    const database = await open();
    try {
      const transaction = database.transaction(NAME, mode, { durability: "strict" });
      const request = act(transaction.objectStore(NAME));
      await new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = () => reject(transaction.error);
      });
      return request.result;
    } finally {
      database.close();
    }
  }

  async function load() {
    const known = await indexedDB.databases?.() ?? [{ name: NAME }];
    return known.some(({ name }) => name === NAME) ? withStore("readonly", (store) => store.get(KEY)) : undefined;
  }

  const put = (record) => withStore("readwrite", (store) => store.put(record, KEY));

  // Another window may have removed this copy meanwhile, or made another one: then nothing is changed.
  const change = (old, record) => withStore("readwrite", (store) => {
    const asked = store.get(KEY);
    asked.onsuccess = () => {
      const now = asked.result;
      if (now?.token !== old.token || Boolean(now.key) !== Boolean(old.key)) return;
      if (record) store.put(record, KEY);
      else store.clear();
    };
    return asked;
  });

  async function seal({ token, revision, parts }) {
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const text = new TextEncoder().encode(JSON.stringify(parts));
    const padded = new Uint8Array(Math.ceil((text.length + 1) / BLOCK) * BLOCK).fill(32);
    padded.set(text);
    const additionalData = new TextEncoder().encode(token);
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, padded);
    return { token, revision, key, iv, sealed };
  }

  async function unseal({ token, key, iv, sealed }) {
    const additionalData = new TextEncoder().encode(token);
    return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, key, sealed)));
  }

  const send = (address, fields, credentials = "same-origin") => fetch(address, {
    method: "POST", body: new URLSearchParams(fields), credentials, redirect: "error", signal: AbortSignal.timeout(WAIT),
  });
  const isJson = (answer) => answer.status === 200 && answer.headers.get("content-type")?.startsWith("application/json");
  const end = (token) => send("/kept", { copy: token, go: "remove" }, "omit");

  // Only the server's own word ends a copy: no answer, or another one, leaves it. Returns what is kept then, and whose
  // it is where that was asked: "mine" or "theirs".
  async function look(record) {
    if (!navigator.onLine) return record;
    const { token, revision } = record;
    try {
      const there = record.key ? await send("/kept", { copy: token }, "omit") : await end(token);
      const renewal = there.status === 204 && renews ? await send("/safety-plan/copy/renewal", { copy: token, revision }) : there;
      if (renewal.status === 410) {
        await change(record);
        return undefined;
      }
      const isMine = renewal !== there && [200, 204].includes(renewal.status);
      const isTheirs = renewal.status === 409;
      if (isMine || isTheirs || (there.status === 204 && !renews)) {
        const newer = isJson(renewal) ? await seal(await renewal.json()) : record;
        await change(record, { ...newer, asked: Date.now(), renews, isTheirs: renews ? isTheirs : record.isTheirs });
      }
      const now = await load();
      return now && { ...now, whose: isMine ? "mine" : isTheirs ? "theirs" : undefined };
    } catch {
      return record;
    }
  }

  function draw(parts) {
    // Its labels are in the language of the page that made the copy, its words in that of whoever wrote them.
    const build = (name, known) => Object.assign(document.createElement(name), Object.fromEntries(Object.entries(known).filter(([, value]) => value)));
    find("kept-words").replaceChildren(...parts.map(({ label, said, language, lines }) => {
      const part = document.createElement("li");
      const list = build("ol", { className: "safety-lines", lang: language });
      for (const line of lines) {
        const item = Object.assign(document.createElement("li"), { className: "words" });
        item.append(...line.map(([text, href]) => (/^tel:\+?\d+$/.test(href) ? Object.assign(document.createElement("a"), { href, textContent: text }) : text)));
        list.append(item);
      }
      part.append(build("h2", { textContent: label, lang: said }), list);
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
    find("kept-ended").focus();
    if (record) await look({ token: record.token });
  }

  async function make(form) {
    show("plan-failed", false);
    const answer = await send(form.action, {});
    if (answer.status >= 400 && answer.status < 500) return form.submit(); // held, locked or signed out: the whole page says what to do
    const made = await answer.json();
    const before = await load();
    try {
      await put(await seal(made));
    } catch (error) {
      await end(made.token);
      throw error;
    }
    navigator.storage?.persist?.().catch(() => {}); // else a browser that is short of space may clear it
    if (before) await end(before.token).catch(() => {});
    location.assign("/safety-plan");
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-plan-keep]")) return;
    event.preventDefault();
    make(event.target).catch(() => show("plan-failed", true));
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-kept-remove]")) remove().catch(() => {});
  });

  async function start() {
    const plan = find("plan-copy");
    const words = find("kept-words");
    let record = await load();
    const had = Boolean(record?.key);
    if (words) await drawKept(record, false); // at once: whether it has ended is asked afterwards
    show("kept-link", had && !(renews && record.isTheirs));
    const isDue = record && (record.renews !== renews || Math.abs(Date.now() - (record.asked ?? 0)) > PAUSE);
    if (record && (isDue || plan || words || find("kept-link"))) record = await look(record);
    if (words && had && !record?.key) await drawKept(undefined, true);
    const isTheirs = record?.whose === "theirs";
    show("kept-link", record?.key && !(renews && record.isTheirs));
    if (!plan) return;
    show("plan-here", record?.key && record.whose === "mine");
    show("plan-offer", !record?.key || isTheirs);
    show("plan-theirs", isTheirs);
  }

  const begin = () => start().catch(() => show("kept-none", true));
  show("needs-kept", false);
  begin();
  window.addEventListener("online", begin);
})();
