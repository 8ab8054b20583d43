(() => {
  const main = document.querySelector("main");
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const box = document.createElement("div");
  const field = Object.assign(document.createElement("input"), { type: "search", placeholder: main.dataset.find });
  const none = Object.assign(document.createElement("p"), { textContent: main.dataset.none, hidden: true });
  box.className = "find";
  field.setAttribute("aria-label", main.dataset.find);
  none.setAttribute("role", "status");
  box.append(field, none);
  main.before(box);
  const sections = [...main.querySelectorAll("section")].map((section) => ({
    section,
    title: plain(section.querySelector("h2").textContent),
    rows: [...section.querySelectorAll("tbody tr")].map((row) => ({ row, text: plain(row.textContent) })),
  }));
  field.addEventListener("input", () => {
    const wanted = plain(field.value.trim());
    let any = false;
    for (const { section, title, rows } of sections) {
      const whole = title.includes(wanted);
      let found = whole;
      let group = null;
      for (const { row, text } of rows) {
        const fits = whole || text.includes(wanted);
        row.hidden = !fits;
        if (row.className !== "member") group = row.className === "group" ? row : null;
        else if (fits && group) group.hidden = false;
        found ||= fits;
      }
      section.hidden = !found;
      any ||= found;
    }
    none.hidden = any;
  });
})();
