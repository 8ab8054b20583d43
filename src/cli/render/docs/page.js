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
      let all = false;
      for (const { row, text } of rows) {
        const holds = whole || text.includes(wanted);
        const member = row.className === "member";
        if (!member) {
          group = row.className === "group" ? row : null;
          all = holds && group !== null;
        }
        const fits = holds || (member && all);
        row.hidden = !fits;
        if (member && fits && group) group.hidden = false;
        found ||= fits;
      }
      section.hidden = !found;
      any ||= found;
    }
    none.hidden = any;
  });
})();
