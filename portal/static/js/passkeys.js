/* Passkeys: asks the browser for one and sends its answer. Without this file, or where a browser knows no passkeys, the
   pages offer none and everything goes by password.

   [data-passkeys="host"]   what is inside stays hidden until the browser can do it, on this host
   data-own-device          only where this device itself can have one; offered once: a reload does not bring it back
   [data-no-passkeys]       says why there is no offer; hidden where there is one
   form[data-passkey]       "create" or "get": asks the address in data-options what for, fills in `credential` and
                            `prf`, and sends itself. data-trouble is its sentence for when nothing came of it
   data-then, data-next     sends itself in the background, and then the form of that id, or goes to that address
   data-autofill            is also offered among what the browser fills in, as long as its button is not pressed
   data-stays               sends itself in the background, and then says `opened`
   The event `offered` says that an offer was put into the page. */
(() => {
  "use strict";
  const all = (selector) => document.querySelectorAll(selector);

  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) =>
    buffer ? btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "") : "";

  const known = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
  const prf = (options) => ({ prf: { eval: { first: bytes(options.extensions.prf.eval.first) } } });

  const toUse = (options) => ({
    publicKey: { ...options, challenge: bytes(options.challenge), allowCredentials: known(options.allowCredentials), extensions: prf(options) },
  });

  const toCreate = (options) => ({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: known(options.excludeCredentials),
      extensions: prf(options),
    },
  });

  function said(credential) {
    const { response } = credential;
    const each = response.attestationObject
      ? { attestationObject: text(response.attestationObject), transports: response.getTransports?.() ?? [] }
      : { authenticatorData: text(response.authenticatorData), signature: text(response.signature), userHandle: text(response.userHandle) || null };
    const ident = text(credential.rawId);
    return JSON.stringify({ id: ident, rawId: ident, type: credential.type, response: { clientDataJSON: text(response.clientDataJSON), ...each } });
  }

  const output = (credential) => text(credential.getClientExtensionResults().prf?.results?.first);

  // Many devices say at creation only that they have a PRF, and evaluate it when the passkey is used. What is signed
  // then is shown to nobody, so its challenge can be any.
  async function outputOfNew(credential, options) {
    if (output(credential) || !credential.getClientExtensionResults().prf?.enabled) return output(credential);
    const challenge = text(crypto.getRandomValues(new Uint8Array(32)));
    const own = [{ type: "public-key", id: text(credential.rawId), transports: credential.response.getTransports?.() ?? [] }];
    const { timeout, extensions } = options;
    const request = { challenge, timeout, extensions, rpId: options.rp.id, userVerification: "required", allowCredentials: own };
    return output(await navigator.credentials.get(toUse(request)));
  }

  async function answer(form, how = {}) {
    const response = await fetch(form.dataset.options, { credentials: "same-origin", redirect: "error" });
    if (!response.ok) throw new Error("no options");
    const options = await response.json();
    const credential = await (form.dataset.passkey === "create"
      ? navigator.credentials.create(toCreate(options))
      : navigator.credentials.get({ ...toUse(options), ...how }));
    form.elements.credential.value = said(credential);
    form.elements.prf.value = form.dataset.passkey === "create" ? await outputOfNew(credential, options) : output(credential);
  }

  async function send(form) {
    const { then, next, stays } = form.dataset;
    if (!then && !next && stays === undefined) return form.submit();
    const body = new URLSearchParams(new FormData(form));
    const response = await fetch(form.action, { method: "POST", body, credentials: "same-origin" });
    if (response.status !== 204) throw new Error("refused");
    if (then) document.getElementById(then).submit();
    else if (next) location.replace(next);
    else form.dispatchEvent(new Event("opened", { bubbles: true }));
  }

  // A browser asks for one passkey at a time. This request waits until somebody chooses theirs in the field, and is made anew
  // before its challenge is too old, for an hour at most.
  const FRESH = 4 * 60000; // of the five minutes for which a challenge is good
  const ROUNDS = 15;
  let autofill = null;

  async function offerByAutofill(form) {
    if (form.dataset.autofill === undefined || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    for (let round = 0; round < ROUNDS; round += 1) {
      const asked = autofill = new AbortController();
      const { signal } = asked;
      let stale = false;
      const timer = setTimeout(() => { stale = true; asked.abort(); }, FRESH);
      try {
        await answer(form, { mediation: "conditional", signal });
        return await send(form);
      } catch {
        if (!stale) return;
      } finally {
        clearTimeout(timer);
      }
      if (document.hidden) await new Promise((shown) => { document.addEventListener("visibilitychange", shown, { once: true }); });
    }
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("form[data-passkey]")) return;
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = "yes";
    const line = form.querySelector("[role=status]");
    line.textContent = "";
    autofill?.abort();
    try {
      await answer(form);
      await send(form);
    } catch {
      // The person said no, took their time, or has no passkey here: browsers tell no page which.
      line.textContent = form.dataset.trouble;
      offerByAutofill(form);
    } finally {
      delete form.dataset.busy;
      form.elements.credential.value = form.elements.prf.value = "";
    }
  });

  if (!window.PublicKeyCredential) return;
  const show = () => all("[data-passkeys][hidden]:not([data-own-device])").forEach((offer) => { offer.hidden = offer.dataset.passkeys !== location.hostname; });

  async function showForOwnDevice(offer) {
    history.replaceState(null, "", location.pathname);
    if (!(await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable())) return;
    offer.removeAttribute("data-own-device");
    show();
  }

  document.addEventListener("offered", show);
  show();
  all("[data-own-device]").forEach(showForOwnDevice);
  all("[data-passkeys]:not([hidden]) form[data-autofill]").forEach(offerByAutofill);
  if (document.querySelector("[data-passkeys]:not([hidden])")) all("[data-no-passkeys]").forEach((line) => { line.hidden = true; });
})();
