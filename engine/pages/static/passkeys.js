// Forms that a passkey fills in: asks our server for options, the browser for a passkey, then sends the form.
"use strict";

const canUse = () => Boolean(window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON);

async function asked(form, options) {
  if (form.dataset.deed === "make") {
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
  }
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
}

async function fill(form) {
  const said = form.querySelector("[data-said]");
  const button = form.querySelector("button");
  button.disabled = true;
  said.textContent = "";
  try {
    const body = new URLSearchParams({ csrf: form.elements.csrf.value });
    const answer = await fetch(form.dataset.options, { method: "POST", body });
    const told = await answer.json();
    if (!answer.ok) {
      window.location.assign(`${form.dataset.page}?said=${encodeURIComponent(told.code)}`);
      return;
    }
    const credential = await asked(form, told);
    form.elements.credential.value = JSON.stringify(credential.toJSON());
    form.submit();
  } catch {
    said.textContent = form.dataset.stopped;
  }
  button.disabled = false;
}

for (const form of document.querySelectorAll("form[data-options]")) {
  form.hidden = !canUse();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    fill(form);
  });
}
