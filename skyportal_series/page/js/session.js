// Signing in with a token, and out again.

import { ApiError, listSeries, setToken } from "./api.js";
import { byId, say } from "./dom.js";
import { forget, load, save } from "./storage.js";

/** The token that this tab or device remembers goes into use; gives whether there is one. */
export function resume() {
  const token = load("token");
  setToken(token);
  return token !== null;
}

export function signOut(reason = null) {
  forget("token");
  setToken(null);
  say(byId("sign-in-error"), reason);
}

/** `onSignedIn` is called once the server has taken a token. */
export function startSignIn(onSignedIn) {
  const form = byId("sign-in-form");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const token = form.elements.token.value.trim();
    if (!token) return say(byId("sign-in-error"), "Paste your token first.");
    form.elements.submit.disabled = true;
    const refusal = await tryToken(token);
    form.elements.submit.disabled = false;
    say(byId("sign-in-error"), refusal);
    if (refusal) return form.elements.token.select();
    save("token", token, { onDevice: form.elements.remember.checked });
    form.reset();
    onSignedIn();
  });
}

/** Null where the server takes the token, otherwise why not. */
async function tryToken(token) {
  if (!/^[\x21-\x7e]+$/.test(token)) return "A token holds no spaces or special characters.";
  setToken(token);
  try {
    await listSeries({ numPerPage: 1 });
    return null;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    setToken(null);
    return error.status === 401 ? `This token is not accepted. (${error.message})` : error.message;
  }
}
