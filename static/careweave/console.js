// What scripts add to pages that work without them: copying, showing a typed password, menus that
// close, the summary of errors in focus, and a word when a part of the page could not be loaded.
(() => {
  "use strict";

  const copyable = (root) => {
    for (const button of root.querySelectorAll(".copy[hidden]")) button.hidden = false;
    for (const button of root.querySelectorAll("[data-reveal][hidden]")) button.hidden = false;
  };

  const copy = async (button) => {
    const from = button.dataset.copyFrom;
    const text = from ? document.getElementById(from).textContent : button.dataset.copy;
    const words = button.querySelector("span");
    try {
      await navigator.clipboard.writeText(text.trim());
    } catch {
      if (from) getSelection().selectAllChildren(document.getElementById(from));
      return;
    }
    const before = words.textContent;
    if (before === button.dataset.done) return;
    words.textContent = button.dataset.done;
    setTimeout(() => { words.textContent = before; }, 2000);
  };

  const reveal = (button) => {
    const input = document.getElementById(button.dataset.reveal);
    const shown = input.type === "text";
    input.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest(".copy, [data-reveal]");
    if (button?.matches(".copy")) copy(button);
    else if (button) reveal(button);
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest?.("details[open]");
    if (menu && menu.matches(".menu, .phone-bar details")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  const failed = () => {
    const main = document.getElementById("main");
    if (main.querySelector(":scope > .flashes.failed")) return;
    const list = document.createElement("div");
    list.className = "flashes failed";
    const line = document.createElement("div");
    line.className = "flash error";
    line.setAttribute("role", "alert");
    line.textContent = document.documentElement.lang === "es"
      ? "Esta parte no se pudo cargar. Vuelva a cargar la página."
      : "This part could not be loaded. Load the page again.";
    list.append(line);
    main.prepend(list);
  };

  document.addEventListener("htmx:afterSwap", (event) => copyable(event.target));
  document.addEventListener("htmx:sendError", failed);
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status >= 500) failed();
  });

  copyable(document);
  document.querySelector("[data-focus]")?.focus();
})();
