// The sessions: which are shown, in which order, and a row each.

const STATES = ["streaming", "waiting", "retrying", "idle", "ended"];
const SORTS = {
  recent: "heard of last",
  idle: "silent longest",
  state: "state",
  session: "name",
  turn: "turn",
  attempt: "attempt",
  tokens: "tokens",
  rate: "tokens/s",
  first_chunk: "first chunk",
  retries: "retries",
  restarts: "restarts",
};
const COLUMNS = [
  ["state", "state", "State"],
  ["name", "session", "Session"],
  ["model", null, "Agent, model"],
  ["place", "turn", "Turn · step · attempt"],
  ["tokens", "tokens", "Tokens in / out"],
  ["rate", "rate", "Rate"],
  ["first", "first_chunk", "First chunk"],
  ["troubles", "retries", "Retries / restarts"],
  ["quiet", "idle", "Silent"],
  ["error", null, "Last error"],
];

const rowKey = (row) => `${row.run} ${row.session}`;

// What the reader asks for; `stream.js` sends it along.
const wanted = { sort: "recent", reverse: false, text: "", states: new Set(), run: "", session: "" };

function drawStates(states) {
  each(byId("states"), STATES, (name) => name, stateButton, (button, name) => {
    say(button.querySelector("b"), count(states[name]));
    mark(button, "aria-pressed", wanted.states.has(name));
  });
  each(byId("share"), STATES, (name) => name, (name) => element("i", name), (part, name) => {
    part.hidden = states[name] === 0;
    part.style.setProperty("flex-grow", states[name]);
  });
}

function stateButton(name) {
  const button = element("button", name);
  button.type = "button";
  button.append(element("i", "dot"), element("b"), element("span", "", name));
  button.addEventListener("click", () => {
    if (!wanted.states.delete(name)) wanted.states.add(name);
    ask();
  });
  return button;
}

function drawColumns() {
  byId("sort").value = wanted.sort;
  mark(byId("reverse"), "aria-pressed", wanted.reverse);
  each(byId("columns"), COLUMNS, ([name]) => name, column, (head, [, sort]) => {
    const chosen = sort !== null && sort === wanted.sort;
    const ascending = (sort === "session") !== wanted.reverse;
    mark(head, "aria-sort", chosen ? (ascending ? "ascending" : "descending") : null);
  });
}

function column([name, sort, label]) {
  const head = element("th", name, sort === null ? label : "");
  mark(head, "scope", "col");
  if (sort !== null) {
    const button = element("button", "", label);
    button.type = "button";
    button.addEventListener("click", () => order(sort));
    head.append(button);
  }
  return head;
}

function order(sort) {
  wanted.reverse = sort === wanted.sort && !wanted.reverse;
  wanted.sort = sort;
  ask();
}

function drawRows(view, elapsed) {
  drawColumns();
  each(byId("rows"), steady(view.sessions), rowKey, sessionRow, (line, row) => updateRow(line, row, elapsed));
  const rest = view.matching - view.sessions.length;
  say(byId("matching"), rest > 0 ? `the first ${view.sessions.length} of ${count(view.matching)}` : count(view.matching));
  const nobody = byId("nobody");
  nobody.hidden = view.sessions.length > 0;
  say(nobody, wanted.text || wanted.states.size ? "No session is like that." : "No session yet.");
}

// Rows keep their places while someone is among them, so that nobody opens a row that has just come under the pointer.
function steady(rows) {
  const body = byId("rows");
  const pointed = body.matches(":hover") && matchMedia("(hover: hover)").matches; // a finger stays nowhere
  if (!pointed && !body.contains(document.activeElement)) return rows;
  const places = new Map([...body.children].map((line, at) => [line.dataset.key, at]));
  const placeOf = (row) => places.get(rowKey(row)) ?? places.size;
  return [...rows].sort((a, b) => placeOf(a) - placeOf(b));
}

function sessionRow(row) {
  const line = element("tr");
  for (const [name, , label] of COLUMNS) {
    const cell = element("td", name);
    cell.dataset.label = label;
    line.append(cell);
  }
  const [state, name] = line.children;
  state.append(element("i", "dot"), element("span"));
  name.append(element("button"));
  name.firstChild.type = "button";
  line.addEventListener("click", () => open(row.run, row.session));
  return line;
}

function updateRow(line, row, elapsed) {
  const [state, name, model, where, tokens, speed, first, troubles, quiet, error] = line.children;
  mark(line, "class", row.state);
  say(state.lastChild, row.state === "retrying" ? `retry in ${span(left(row.retry_in, elapsed))}` : row.state);
  say(name.firstChild, row.parent ? `${row.session} ↑${row.parent}` : row.session);
  hint(name, name.textContent);
  say(model, [row.agent, row.model].filter(Boolean).join(", "));
  hint(model, model.textContent);
  say(where, place(row));
  say(tokens, `${count(row.input_tokens)} / ${count(row.output_tokens)}`);
  say(speed, row.chunks_per_s === null ? rate(row.tokens_per_s, " tok/s") : rate(row.chunks_per_s, " chunks/s"));
  say(first, span(row.first_chunk));
  say(troubles, `${count(row.retries)} / ${count(row.restarts)}`);
  mark(troubles, "data-some", row.retries + row.restarts > 0 ? "" : null);
  say(quiet, age(row.idle + elapsed));
  say(error, row.last_error);
  hint(error, row.last_error);
}

function left(seconds, elapsed) {
  return seconds === null ? null : Math.max(0, seconds - elapsed);
}

function step(by) {
  const rows = [...byId("rows").querySelectorAll("button")];
  const at = rows.indexOf(document.activeElement);
  rows[Math.min(rows.length - 1, Math.max(0, at + by))]?.focus();
}
