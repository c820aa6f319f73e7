/* Covers the page when nobody has used it for a while, and uncovers it in place: the words, the cursor and an unsaved
   draft stay where they were. The server locks by its own clock; this keeps its answer from coming as a surprise.

   template#cover   the dialog; data-minutes after how long, data-title for the tab. The dialog says whose page it is in data-whose,
                    names in data-script the script for its passkey button, and begins with [data-first] or the password;
                    where only a passkey opens it, it has no password
   main[data-fresh]   a page that says what comes next, and its address: uncovered, it is loaded anew, unless something was typed
   form[action="/lock"]   covers the other pages of this browser too
   Nothing is stored; pages of one browser tell each other over a channel that somebody is there. */
(() => {
  "use strict";
  const frame = document.querySelector("template#cover");
  if (!frame) return;
  const { title } = frame.dataset;
  const { whose } = frame.content.firstElementChild.dataset;
  const limit = Number(frame.dataset.minutes) * 60000;
  const others = new BroadcastChannel("hearthside");
  let used = Date.now(); // when somebody last did something, here or in another tab
  let told = used; // when the server last heard of it
  let timer = 0;
  let dialog = null;
  let drawn = ""; // the dialog as it came
  let asked = 0; // when the server was last asked for the one that fits
  let before = null; // what the page was like before it was covered

  const bar = Object.assign(document.createElement("meta"), { name: "theme-color" }); // colours a phone's own bars like the cover

  const headers = { "HX-Request": "true" };
  const passwordOf = (root) => root.querySelector("[name=asked-again]"); // of type text while it is shown
  const tell = (what) => others.postMessage({ what, whose });

  function wait() {
    clearTimeout(timer);
    timer = setTimeout(look, Math.max(1000, used + limit - Date.now()));
  }

  function look() {
    if (dialog) return askAgain();
    if (Date.now() - used < limit) return wait();
    cover(fetch("/lock", { method: "POST", headers }));
    tell("covered");
  }

  async function keepOpen() {
    told = Date.now();
    try {
      const answer = await fetch("/here", { headers });
      if (answer.headers.has("hearthside-locked")) cover();
    } catch { /* The server locks in its own time, and the next page says so. */ }
  }

  function use() {
    if (dialog) return askAgain();
    const now = Date.now();
    if (now - used >= limit) return look(); // the device slept: nobody was here in between
    if (now - used > 5000) tell("used");
    used = now;
    if (now - told > limit / 4) keepOpen();
  }

  function cover(locked) {
    if (dialog) return;
    before = { focused: document.activeElement, title: document.title, inert: [...document.body.children].filter((one) => !one.inert) };
    before.inert.forEach((one) => { one.inert = true; });
    document.documentElement.toggleAttribute("data-covered", true);
    document.title = title;
    draw(frame.content.firstElementChild.cloneNode(true));
    refresh(locked);
  }

  // It may lie there for a night, and then another way opens it.
  function askAgain() {
    if (!document.hidden && Date.now() - asked > 60000) refresh();
  }

  function draw(fresh) {
    dialog?.remove();
    dialog = fresh;
    drawn = fresh.outerHTML;
    document.body.append(dialog);
    bar.remove();
    if (dialog.matches(".cover-calm")) {
      bar.content = getComputedStyle(dialog).backgroundColor;
      document.head.prepend(bar);
    }
    const password = passwordOf(dialog);
    document.dispatchEvent(new Event("covered"));
    password?.form.addEventListener("submit", open);
    dialog.querySelector(".calm-open details")?.addEventListener("toggle", ({ target }) => { if (target.open) password?.focus(); });
    (dialog.querySelector("[data-first]") ?? password).focus();
    const { script } = dialog.dataset;
    if (!script) return;
    if (!document.querySelector(`script[src="${script}"]`)) document.head.append(Object.assign(document.createElement("script"), { src: script }));
    document.dispatchEvent(new Event("offered"));
  }

  // What the page brought was right when it was loaded. Since then a session may have begun, or a passkey been added.
  async function refresh(locked) {
    asked = Date.now();
    try {
      await locked?.catch(() => {});
      const answer = await fetch("/unlock", { headers });
      if (answer.status !== 200) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".cover");
      if (!dialog || fresh?.dataset.whose !== whose || fresh.outerHTML === drawn || dialog.querySelector("[data-busy]")) return;
      if (!passwordOf(fresh) || !passwordOf(dialog)?.value) draw(fresh);
    } catch { /* Without the server it stays as the page brought it. */ }
  }

  function uncover() {
    if (!dialog) return;
    const main = document.querySelector("main[data-fresh]");
    const typed = main && [...main.querySelectorAll("input, textarea")].some((one) => one.value !== one.defaultValue);
    if (main && !typed) return location.replace(main.dataset.fresh); // the day went on meanwhile
    dialog.remove();
    dialog = null;
    bar.remove();
    document.documentElement.toggleAttribute("data-covered", false);
    before.inert.forEach((one) => { one.inert = false; });
    document.title = before.title;
    before.focused?.focus();
    used = told = Date.now();
    wait();
    document.dispatchEvent(new Event("uncovered"));
  }

  async function open(event) {
    event.preventDefault();
    const form = event.target;
    const problem = form.querySelector(".error");
    const button = form.querySelector("[type=submit]");
    const sent = new URLSearchParams(new FormData(form));
    button.disabled = true;
    problem.textContent = "";
    try {
      const answer = await fetch(form.action, { method: "POST", headers, body: sent });
      if (answer.status === 204) return form.dispatchEvent(new Event("opened", { bubbles: true }));
      problem.textContent = answer.headers.has("hearthside-locked") ? await answer.text() : form.dataset.offline;
      form.querySelector("[data-over]").hidden = answer.status !== 401;
    } catch {
      problem.textContent = form.dataset.offline;
    }
    button.disabled = false;
    passwordOf(form).select();
    refresh();
  }

  document.addEventListener("opened", () => {
    tell("uncovered");
    uncover();
  });
  document.addEventListener("submit", ({ target }) => { if (target.matches("form[action='/lock']")) tell("covered"); });
  others.addEventListener("message", ({ data }) => {
    if (data.whose !== whose) return;
    if (data.what === "used") used = Date.now();
    if (data.what === "covered") cover();
    if (data.what === "uncovered") uncover();
    if (data.what === "brought") frame.innerHTML = data.html;
  });
  for (const kind of ["keydown", "pointerdown", "input", "scroll", "touchstart"]) {
    document.addEventListener(kind, use, { capture: true, passive: true });
  }
  for (const kind of ["visibilitychange", "resume"]) document.addEventListener(kind, look);
  for (const kind of ["focus", "pageshow"]) window.addEventListener(kind, look);
  document.addEventListener("htmx:after:request", ({ detail }) => {
    if (detail.ctx.response.raw?.headers.has("hearthside-locked")) cover();
  });
  others.postMessage({ what: "brought", whose, html: frame.innerHTML }); // pages that were open before may not know of a session
  wait();
})();
