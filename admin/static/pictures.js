// Pictures before they are sent, how far sending is, and what must stay in sight: by a click or by the two sliders.
for (const form of document.querySelectorAll("[data-focal]")) {
  const area = form.querySelector("[data-focal-area]");
  const [x, y] = [form.querySelector("[data-focal-x]"), form.querySelector("[data-focal-y]")];
  if (!area || !x || !y) continue;
  const mark = area.querySelector(".focus-mark");
  const show = () => {
    mark.hidden = false;
    mark.style.left = `${x.value * 100}%`;
    mark.style.top = `${y.value * 100}%`;
  };
  for (const slider of [x, y]) slider.addEventListener("input", show);
  area.addEventListener("click", (event) => {
    const box = area.getBoundingClientRect();
    x.value = (event.clientX - box.left) / box.width;
    y.value = (event.clientY - box.top) / box.height;
    show();
  });
  show();
}

for (const form of document.querySelectorAll("[data-upload]")) {
  const file = form.querySelector("input[type=file]");
  const preview = form.querySelector("[data-upload-preview]");
  const progress = form.querySelector("[data-upload-progress]");
  const fault = form.querySelector("[data-upload-fault]");
  const button = form.querySelector("button[type=submit]");

  const tell = (text) => {
    fault.textContent = text;
    fault.hidden = !text;
    if (text) fault.focus();
    progress.hidden = true;
    button.disabled = false;
  };

  file.addEventListener("change", () => {
    tell("");
    if (!preview) return;
    preview.closest("[data-focal-area]").hidden = !file.files[0];
    if (!file.files[0]) return;
    const reader = new FileReader();
    reader.addEventListener("load", () => (preview.src = reader.result));
    reader.readAsDataURL(file.files[0]);
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (sent) => (progress.value = sent.loaded / sent.total));
    request.addEventListener("load", () => {
      if (request.status === 201) location.reload();
      else tell((request.response?.errors ?? []).map((one) => one.message).join(" ") || request.response?.detail || "It was not taken.");
    });
    request.addEventListener("error", () => tell("The picture did not arrive: look whether you are online, and send it again."));
    button.disabled = true;
    progress.hidden = false;
    progress.value = 0;
    request.send(new FormData(form));
  });
}
