/** Sharing a page: by what the device has for it; else its address is copied, or shown so that it can be. */

for (const box of document.querySelectorAll("[data-share]")) {
  const [button, told, field] = [box.querySelector("button"), box.querySelector("[role=status]"), box.querySelector("input")];
  const url = new URL(box.dataset.share, location.href).href;

  async function copy() {
    try {
      await navigator.clipboard.writeText(url);
      told.textContent = told.dataset.copied;
    } catch { // no clipboard without TLS, or in another site's frame: the reader copies it
      field.value = url;
      field.hidden = false;
      field.select();
    }
  }

  button.addEventListener("click", async () => {
    told.textContent = "";
    if (!navigator.share) return copy();
    try {
      await navigator.share({ title: box.dataset.shareTitle, url });
    } catch (error) {
      if (error.name !== "AbortError") await copy(); // an abort is a change of mind
    }
  });
  box.hidden = false;
}
