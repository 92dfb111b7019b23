// What the reader does.

const TYPING = 200; // ms

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("input, select, textarea");
  if (typing) {
    if (event.key === "Escape" && event.target === byId("filter")) leaveFilter();
    if (event.key === "ArrowDown" && event.target === byId("filter")) step(1);
    return;
  }
  const action = document.querySelector("dialog[open]") === null ? KEYS[event.key] : undefined;
  if (action === undefined) return;
  event.preventDefault();
  action();
}

const KEYS = {
  "/": () => byId("filter").focus(),
  "?": () => byId("keys").showModal(),
  p: pause,
  s: () => byId("sort").focus(),
  r: turnRound,
  j: () => step(1),
  k: () => step(-1),
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
};

function leaveFilter() {
  byId("filter").value = "";
  byId("filter").blur();
  filter();
}

function filter() {
  if (wanted.text === byId("filter").value) return;
  wanted.text = byId("filter").value;
  ask();
}

function turnRound() {
  wanted.reverse = !wanted.reverse;
  ask();
}

function whenever(id, event, action) {
  byId(id).addEventListener(event, action);
}

let typed = 0;
whenever("filter", "input", () => {
  clearTimeout(typed);
  typed = setTimeout(filter, TYPING);
});
whenever("sort", "change", () => {
  wanted.sort = byId("sort").value;
  wanted.reverse = false;
  ask();
});
whenever("reverse", "click", turnRound);
whenever("pause", "click", pause);
whenever("help", "click", () => byId("keys").showModal());
whenever("close", "click", () => sheet().close());
whenever("timeline", "close", closed);
whenever("timeline", "click", (event) => event.target === sheet() && sheet().close());
whenever("gate", "submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(STORE, byId("token").value.trim().split("#").at(-1));
  byId("token").value = "";
  ask();
});
document.addEventListener("keydown", press);
document.addEventListener("visibilitychange", connect);
window.addEventListener("hashchange", () => {
  takeToken();
  ask();
});

for (const [sort, label] of Object.entries(SORTS)) byId("sort").add(new Option(label, sort));
takeToken();
ask();
// Ages grow and countdowns run also while nothing new comes.
setInterval(() => {
  if (paused || document.hidden || document.body.classList.contains("stale")) return;
  redraw();
}, 250);
