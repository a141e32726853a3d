/** The head of a page says who is signed in. Nobody is asked about a browser that does not carry the mark of a session. */

const KEY = "onsale.signed-in";
const KEPT_MS = 10 * 60_000;
const MARK = /(?:^|; )(?:__Host-)?onsale_signed_in=([^;]+)/;

/** The name that this tab was told for the mark, not too long ago; storage may be shut. */
function remembered(mark) {
  try {
    const known = JSON.parse(sessionStorage.getItem(KEY));
    return known?.mark === mark && Date.now() - known.at < KEPT_MS ? known.name : null;
  } catch { return null; }
}

function remember(mark, name) {
  try { sessionStorage.setItem(KEY, JSON.stringify({ mark, name, at: Date.now() })); } catch { /* asked again then */ }
}

function show(link, name) {
  const said = document.createElement("bdi");
  said.textContent = name;
  const [before, after] = link.dataset.said.split("{name}").map((text) => Object.assign(document.createElement("span"), { className: "account-said", textContent: text }));
  link.querySelector(".account-words").replaceChildren(before, said, after);
  link.querySelector(".account-mark").replaceChildren([...name][0]);
  link.classList.add("is-signed-in");
}

async function start() {
  const [link, mark] = [document.querySelector(".account-link"), document.cookie.match(MARK)?.[1]];
  if (!link || !mark) return;
  let name = remembered(mark);
  if (name === null) {
    try {
      const answer = await fetch("/account/who", { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      ({ name } = await answer.json());
    } catch { return; } // away for a moment: the link leads to the account all the same
    remember(mark, name);
  }
  if (name) show(link, name);
}

start();
