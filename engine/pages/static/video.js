// A film is framed from its host when somebody asks for it: before that nothing is fetched from there, and no cookie set.
for (const place of document.querySelectorAll("[data-video]")) {
  const button = place.querySelector("button");
  button.hidden = false;
  button.addEventListener("click", () => {
    const frame = document.createElement("iframe");
    frame.src = place.dataset.video;
    frame.title = place.dataset.title;
    frame.allow = "autoplay; fullscreen; picture-in-picture; encrypted-media";
    frame.allowFullscreen = true;
    frame.referrerPolicy = "strict-origin-when-cross-origin"; // hosts refuse to play on a page that has no name
    place.replaceChildren(frame);
    frame.focus();
  });
}
