/* Every page works without this file; it only makes some things smoother.
   Nothing of anybody is kept in the browser's storage but what static/js/kept.js keeps for who chose that, sealed;
   static/js/offline.js keeps pages that are for everybody.

   form[data-autosave]    saves while you write; data-saving, data-offline, data-signed-out are its sentences
   form[data-written]     is asked about before it is left with words that were not sent; "unsent" if they came back with the page
   form[data-file]        is answered with a file, so that its page stays: what was wrong before is taken away
   form[data-leave]       signs out, empties the page and goes to the address in data-leave (also Shift three times)
   [data-hundred]         gets a slider beside its number field; data-label names it, data-blank says that it is blank
   form[data-keep]        is sent in the background, so that passwords in it outlast a refusal; [data-offline] says that nothing was reached
   button[data-copy]      copies the text or value of the element it points to; data-copied is its answer
   button[data-print]     prints the page
   button[data-reveal]    shows the password of the field in aria-controls, until it is sent; data-conceal is its other label
   select[data-own-zone]  has the time zone of this device on top; "propose" chooses it, as long as nothing was sent */
(() => {
  "use strict";
  const all = (selector, root = document) => root.querySelectorAll(selector);

  /* --- Autosave -------------------------------------------------------- */

  const drafts = new WeakMap(); // form -> what has been typed, what is on its way, what is safe

  function draftOf(form) {
    if (!drafts.has(form)) drafts.set(form, { edits: 0, sent: 0, saved: 0, busy: false, answered: 0, tries: 0, timer: 0, slow: 0, submit: null, leaving: false });
    return drafts.get(form);
  }

  function say(sentence, trouble) {
    const status = document.getElementById("save-status");
    if (!status) return;
    status.toggleAttribute("data-trouble", trouble);
    if (status.textContent !== sentence) status.textContent = sentence;
  }

  // What a page said of an earlier try is out of date once there is a later answer that leaves the page as it is.
  function forgetErrors(part) {
    for (const error of all(".error[id]", part)) {
      const name = error.id.replace(/-error$/, "");
      const control = document.getElementById(name);
      control?.removeAttribute("aria-invalid");
      describe(control, error.id, false);
      all(`.error-list a[href="#${CSS.escape(name)}"]`).forEach((link) => link.parentElement.remove());
      error.remove();
    }
    all(part.matches("form") ? ".error-summary" : ".error-summary:not(:has(li))").forEach((summary) => summary.remove());
  }

  function askToSave(form) {
    form.dispatchEvent(new CustomEvent("save"));
  }

  function tryAgain(form, draft) {
    clearTimeout(draft.timer);
    const wait = Math.min(60, 2 ** Math.min(draft.tries, 6)) * 1000;
    draft.tries += 1;
    draft.timer = setTimeout(() => askToSave(form), wait);
  }

  function failed(form, draft, status) {
    say(status === 401 || status === 403 ? form.dataset.signedOut : form.dataset.offline, true);
    tryAgain(form, draft);
  }

  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form?.matches("[data-autosave]")) draftOf(form).edits += 1;
  }, true);

  // A request that waited in the queue was filled in when it was queued, and aimed at a status line that the answer
  // before it has replaced. Fill it in and aim it again as it leaves, so that it carries the latest words and revision.
  document.addEventListener("htmx:before:request", (event) => {
    const form = event.target;
    if (!form.matches?.("form[data-autosave]")) return;
    const draft = draftOf(form);
    if (draft.leaving) return event.preventDefault();
    const { ctx } = event.detail;
    const { request } = ctx;
    ctx.target = document.getElementById("save-status");
    request.body = new URLSearchParams(new FormData(form));
    request.keepalive = request.body.toString().length < 60000;
    draft.sent = draft.edits;
    draft.busy = true;
    clearTimeout(draft.timer);
    draft.slow = setTimeout(() => { if (!draft.tries) say(form.dataset.saving, false); }, 500);
  });

  // 2xx is the saved line; 409 and 422 bring a sentence of the server's own, which says in data-revision or data-kept
  // whether the words are safe. Anything else, also from whoever stands in between, must not replace the page nor lead
  // away from it while there are words on it.
  document.addEventListener("htmx:after:request", (event) => {
    const form = event.target;
    if (!form.matches?.("form[data-autosave]")) return;
    const draft = draftOf(form);
    const { ctx } = event.detail;
    const { status, raw } = ctx.response;
    const line = !raw.redirected && ctx.text.includes('id="save-status"');
    if (line) forgetErrors(form);
    if (line && status >= 200 && status < 300) {
      draft.saved = draft.sent;
      draft.tries = 0;
    } else if (line && (status === 409 || status === 422)) {
      draft.answered = draft.sent;
      draft.tries = 0;
    } else {
      event.preventDefault();
      failed(form, draft, raw.redirected ? 401 : status);
    }
  });

  document.addEventListener("htmx:after:swap", (event) => {
    const form = event.target;
    if (!form.matches?.("form[data-autosave]")) return;
    const draft = draftOf(form);
    if (draft.answered === draft.sent && document.querySelector("#save-status:is([data-revision], [data-kept])")) draft.saved = draft.sent;
  });

  // What was wrong with a password is said anew, beside it, for the one that is there now.
  document.addEventListener("htmx:after:request", ({ target, detail }) => {
    const { ok } = detail.ctx.response.raw;
    if (ok && target.matches?.("[type=password]")) forgetErrors(target.closest(".field"));
  });

  document.addEventListener("htmx:error", (event) => {
    const form = event.target;
    if (form.matches?.("form[data-autosave]")) failed(form, draftOf(form), 0);
  });

  document.addEventListener("htmx:finally:request", (event) => {
    const form = event.target;
    if (!form.matches?.("form[data-autosave]")) return;
    const draft = draftOf(form);
    clearTimeout(draft.slow);
    draft.busy = false;
    if (draft.submit) draft.submit();
  });

  // The button waits for a save on its way: otherwise its own revision would be a stale one.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-autosave]")) return;
    const draft = draftOf(form);
    if (draft.busy) {
      event.preventDefault();
      const { submitter } = event;
      draft.submit = () => { draft.submit = null; form.requestSubmit(submitter); };
    } else {
      draft.leaving = true;
    }
  });

  const writing = () => [...all("form[data-autosave]")].filter((form) => {
    const draft = draftOf(form);
    return draft.edits > draft.saved && !draft.leaving;
  });

  const unsent = () => [...all("form[data-written]")].some((form) => !draftOf(form).leaving
    && (form.dataset.written || [...form.elements].some((control) => control.matches("textarea") && control.value !== control.defaultValue)));

  document.addEventListener("submit", ({ target }) => { if (target.matches("[data-written]")) draftOf(target).leaving = true; });
  window.addEventListener("beforeunload", (event) => { if (writing().length || unsent()) event.preventDefault(); });
  document.addEventListener("uncovered", () => writing().forEach(askToSave));
  window.addEventListener("online", () => writing().forEach(askToSave));
  document.addEventListener("visibilitychange", () => writing().forEach(askToSave));
  window.addEventListener("pageshow", () => all("form:is([data-autosave], [data-written])").forEach((form) => { draftOf(form).leaving = false; }));

  /* --- Words of then --------------------------------------------------- */

  // A browser that comes back to a page may fill in what stood there then, beside the revision of now. Every form with a
  // revision asks it not to, by autocomplete="off". Where it does so all the same, the revision these words were made
  // from is not known: with 0 the server keeps them beside the newest, and says so.
  function isFilledIn(control) {
    if (control.matches("select")) return control.selectedIndex !== Math.max(0, [...control.options].findIndex((option) => option.defaultSelected));
    if (control.matches("[type=radio], [type=checkbox]")) return control.checked !== control.defaultChecked;
    return control.matches("textarea, input:not([type=hidden], [type=range])") && control.value !== control.defaultValue;
  }

  const touched = new WeakSet();
  document.addEventListener("input", ({ target }) => { if (target.form) touched.add(target.form); }, true);

  function saveBeside(revision) {
    const { form } = revision;
    if (revision.value === "0" || touched.has(form) || ![...form.elements].some((control) => control.name && isFilledIn(control))) return;
    revision.value = "0";
    if (!form.matches("[data-autosave]")) return;
    draftOf(form).edits += 1;
    askToSave(form);
  }

  // A busy browser may fill in after it has shown the page, so it is looked at again, until somebody types.
  window.addEventListener("pageshow", ({ persisted }) => {
    if (persisted || (performance.getEntriesByType("navigation")[0]?.type ?? "navigate") === "navigate") return;
    [0, 200, 1000].forEach((wait) => setTimeout(() => all("[name=revision]").forEach(saveBeside), wait));
  });

  document.addEventListener("submit", (event) => {
    if (event.target.matches("form[data-file]")) forgetErrors(event.target);
  });

  /* --- Leaving quickly -------------------------------------------------- */

  function leave(form) {
    all("form[data-autosave]").forEach((each) => { draftOf(each).leaving = true; });
    const { action, dataset } = form;
    document.title = "\u00a0";
    document.body.remove();
    fetch(action, { method: "POST", keepalive: true, redirect: "manual", credentials: "same-origin" }).catch(() => {});
    location.replace(dataset.leave);
  }

  let shifts = [];
  document.addEventListener("keydown", (event) => {
    const form = document.querySelector("form[data-leave]");
    if (!form || event.repeat) return;
    shifts = event.key === "Shift" ? [...shifts, event.timeStamp].filter((at) => event.timeStamp - at < 1500) : [];
    if (shifts.length >= 3) leave(form);
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-leave]")) return;
    event.preventDefault();
    leave(event.target);
  });

  /* --- Small comforts --------------------------------------------------- */

  function grow(area) {
    area.style.blockSize = "auto";
    area.style.blockSize = `${area.scrollHeight + 2}px`;
  }

  const SLOP = 8; // pixels within which a finger has gone nowhere yet

  // The digits of a script follow each other from its zero on, and those of several scripts sometimes each other.
  function plainDigit(digit) {
    let before = digit.codePointAt(0);
    while (/\p{Nd}/u.test(String.fromCodePoint(before))) before -= 1;
    return String((digit.codePointAt(0) - before - 1) % 10);
  }

  // A finger that is put down to scroll moves a slider too, as soon as it touches it. What it moved counts once it goes
  // along the slider, or is lifted where it was put down; until then neither the number nor the form hears of it.
  function addSlider(box) {
    const number = box.querySelector("input");
    if (!number || box.querySelector("[type=range]")) return;
    const slider = Object.assign(document.createElement("input"), { type: "range", min: "0", max: "100", step: "1" });
    slider.setAttribute("aria-label", box.dataset.label);
    slider.setAttribute("form", ""); // of no form: what is saved, and counted as typed, is the number
    const follow = () => {
      const { value } = number;
      const known = /^\p{Nd}+$/u.test(value);
      slider.value = known ? value.replace(/\p{Nd}/gu, plainDigit) : "50";
      slider.toggleAttribute("data-untouched", !known);
      slider.setAttribute("aria-valuetext", value || box.dataset.blank);
    };
    const set = (value) => {
      if (number.value === value) return;
      number.value = value;
      number.dispatchEvent(new Event("input", { bubbles: true }));
    };

    let press = null; // of a finger, a pen or the mouse: where it began, what it moved, and whether that is an answer
    slider.addEventListener("pointerdown", ({ pointerId, isPrimary, button, pointerType, clientX, clientY }) => {
      // A second finger counts while the first rests elsewhere. A first one begins anew: the end of an old press was lost.
      if (button || (press && !isPrimary)) return;
      press = { pointerId, clientX, clientY, before: number.value, value: slider.value, along: pointerType === "mouse", away: false };
    });
    slider.addEventListener("pointermove", ({ pointerId, clientX, clientY }) => {
      if (pointerId !== press?.pointerId || press.along || press.away) return;
      const along = Math.abs(clientX - press.clientX);
      const away = Math.abs(clientY - press.clientY);
      if (Math.max(along, away) > SLOP) press[along > away ? "along" : "away"] = true;
    });
    slider.addEventListener("input", (event) => {
      event.stopPropagation();
      if (!press) return set(slider.value);
      press.value = slider.value;
      if (press.along) set(press.value);
      else follow();
    });
    slider.addEventListener("pointerup", ({ pointerId }) => {
      if (pointerId !== press?.pointerId) return;
      if (!press.away) set(press.value);
      press = null;
    });
    slider.addEventListener("pointercancel", ({ pointerId }) => {
      if (pointerId !== press?.pointerId) return;
      Object.assign(press, { along: false, away: true });
      set(press.before);
    });
    // While the page scrolls, the browser goes on moving the slider until the finger is lifted.
    for (const end of ["touchend", "touchcancel", "keydown"]) slider.addEventListener(end, () => { press = null; });
    number.addEventListener("input", follow);
    follow();
    box.prepend(slider);
  }

  function enhance(root) {
    if (!CSS.supports("field-sizing", "content")) {
      all("textarea", root).forEach((area) => { area.addEventListener("input", () => grow(area)); grow(area); });
    }
    all("[data-hundred]", root).forEach(addSlider);
    if (navigator.clipboard) all("[data-copy]", root).forEach((button) => { button.hidden = false; });
    all("[data-print], [data-reveal]", root).forEach((button) => { button.hidden = false; });
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (button?.matches("[data-print]")) window.print();
    if (button?.matches("[data-copy]")) {
      const source = document.querySelector(button.dataset.copy);
      await navigator.clipboard.writeText((source.value ?? source.textContent).trim().replace(/\s+/g, " "));
      button.textContent = button.dataset.copied;
      button.setAttribute("aria-live", "polite");
    }
  });

  function putOwnZoneFirst(list) {
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const option = [...list.options].find(({ value, dataset }) => value === own || dataset.old?.split(" ").includes(own));
    if (!option) return;
    list.prepend(option);
    if (list.dataset.ownZone === "propose" && !document.getElementById("errors")) option.selected = true;
  }

  /* --- Passwords --------------------------------------------------------- */

  const passwordOf = (button) => document.getElementById(button.getAttribute("aria-controls"));

  function setShown(button, shown) {
    const { reveal, conceal } = button.dataset;
    passwordOf(button).type = shown ? "text" : "password";
    button.textContent = shown ? conceal : reveal;
  }

  const hidePasswords = (root = document) => all("[data-reveal]", root).forEach((button) => setShown(button, false));

  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-reveal]");
    if (button) setShown(button, passwordOf(button).type === "password");
  });
  document.addEventListener("submit", ({ target }) => hidePasswords(target), true);
  window.addEventListener("pagehide", () => hidePasswords());
  document.addEventListener("visibilitychange", () => { if (document.hidden) hidePasswords(); });
  document.addEventListener("covered", () => { hidePasswords(); enhance(document); });

  // The server never sends a password back. A form that it refuses stays as it is, and gets only the errors from the answer.
  function describe(control, id, described) {
    const others = (control?.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one && one !== id);
    const ids = described ? [...others, id] : others;
    if (ids.length) control?.setAttribute("aria-describedby", ids.join(" "));
    else control?.removeAttribute("aria-describedby");
  }

  function placeErrors(form, answer) {
    const summary = answer.getElementById("errors");
    forgetErrors(form);
    for (const error of all(".field > .error[id]", answer)) {
      const control = document.getElementById(error.id.replace(/-error$/, ""));
      const field = control?.closest(".field");
      if (!field || !form.contains(field)) continue;
      const above = [...field.children].filter((one) => one.matches(".label, .hint:not(:empty)") && one.compareDocumentPosition(control) & 4);
      if (above.length) above.at(-1).after(error);
      else field.prepend(error);
      control.setAttribute("aria-invalid", "true");
      describe(control, error.id, true);
    }
    form.before(summary);
    summary.focus();
  }

  async function save(answer) {
    const [, name] = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition")) ?? [];
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(await answer.blob()), download: name ?? "" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  const sending = new WeakSet();

  async function sendKept(form, submitter) {
    const answer = await fetch(form.action, { method: "POST", headers: { "HX-Request": "true" }, body: new URLSearchParams(new FormData(form, submitter)) });
    const next = answer.headers.get("hx-redirect");
    if (next) return location.assign(next);
    if (answer.headers.has("content-disposition")) {
      forgetErrors(form);
      return save(answer);
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (page.getElementById("errors")) return placeErrors(form, page);
    form.submit(); // locked, signed out or busy: the whole page says what to do
  }

  document.addEventListener("submit", async (event) => {
    const { target, submitter } = event;
    if (!target.matches("form[data-keep]")) return;
    event.preventDefault();
    if (sending.has(target)) return;
    sending.add(target);
    const line = target.querySelector("[data-offline]");
    line.hidden = true;
    try {
      await sendKept(target, submitter);
    } catch {
      line.hidden = false;
      line.focus();
    } finally {
      sending.delete(target);
    }
  });

  // The bar under a text has as many lines as who reads along has names. What gets the focus stops above all of them.
  const foot = document.querySelector(".writing-foot");
  const leaveRoom = () => { document.documentElement.style.scrollPaddingBlockEnd = `max(11rem, ${foot.offsetHeight + 12}px)`; };
  if (foot) new ResizeObserver(leaveRoom).observe(foot);

  window.addEventListener("load", () => { navigator.serviceWorker?.register("/offline.js").catch(() => {}); });

  enhance(document);
  all("[data-own-zone]").forEach(putOwnZoneFirst);
  document.addEventListener("htmx:after:swap", () => enhance(document));
  document.getElementById("errors")?.focus();
})();
