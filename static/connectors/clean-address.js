/* An access token in the address is taken out of sight and of the history. What a page wants to stand there instead, it says. */
const named = document.querySelector("[data-address]");
if (named) history.replaceState(null, "", named.dataset.address);
else if (new URLSearchParams(location.search).has("access_token")) history.replaceState(null, "", location.pathname);
