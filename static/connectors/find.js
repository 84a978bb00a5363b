/* Searches as one types. Without it the same form is sent by its button. */
(() => {
  const form = document.querySelector("[data-find]"), input = form.elements.q;
  let waiting, asking;
  const values = (button) => {
    const data = new URLSearchParams(new FormData(form));
    if (button && button.name) data.set(button.name, button.value);
    return data;
  };
  const ask = async (button) => {
    clearTimeout(waiting);
    if (asking) asking.abort();
    asking = new AbortController();
    const data = values(button), posts = form.method === "post";
    const address = posts ? form.action : `${form.action}?${data}`;
    form.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { method: form.method, body: posts ? data : undefined, headers: { Accept: "text/html" }, signal: asking.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      show(new DOMParser().parseFromString(await answer.text(), "text/html"));
      if (!posts) history.replaceState(null, "", address);
      form.removeAttribute("aria-busy");
    } catch (error) {
      if (error.name !== "AbortError") form.submit(); /* the page itself says what is wrong */
    }
  };
  const show = (page) => {
    const { name, value } = document.activeElement;
    for (const id of ["kinds", "count", "rows"]) document.getElementById(id).replaceChildren(...page.getElementById(id).childNodes);
    form.querySelector("input[name=kind]").value = page.querySelector("input[name=kind]").value;
    if (document.activeElement === document.body) (form.querySelector(`button[name="${name}"][value="${value}"]`) || input).focus();
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(event.submitter);
  });
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 200);
  });
  form.addEventListener("keydown", (event) => {
    if (event.target === input && event.key === "Enter") {
      event.preventDefault();
      ask();
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const stops = [input, ...form.querySelectorAll("#rows a")], at = stops.indexOf(event.target);
    if (!step || at < 0 || !stops[at + step]) return;
    event.preventDefault();
    stops[at + step].focus();
  });
})();
