/* A page that was reached with a query in its address (an access token may be in it) keeps it out of sight and of the history. */
if (new URLSearchParams(location.search).has("access_token")) {
  history.replaceState(null, "", location.pathname);
}
