/** A link from an e-mail carries the order's key in its fragment, which no server log sees; here it becomes a cookie. */

const text = new URLSearchParams(location.hash.slice(1)).get("token");
if (text) {
  history.replaceState(null, "", location.pathname);
  document.getElementById("closed").hidden = true;
  document.getElementById("opening").hidden = false;
  const form = document.getElementById("order-form");
  form.elements.order_token.value = text;
  form.submit();
}
