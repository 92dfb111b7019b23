// One session, and what happened to it.

const sheet = () => byId("timeline");

function open(run, session) {
  wanted.run = run;
  wanted.session = session;
  say(byId("timeline-name"), session);
  byId("facts").replaceChildren();
  byId("entries").replaceChildren();
  say(byId("dropped"), "");
  if (!sheet().open) sheet().showModal();
  ask();
}

function closed() {
  wanted.run = wanted.session = "";
  ask();
}

function drawTimeline(timeline, elapsed) {
  if (wanted.session === "") return;
  if (timeline === null) {
    say(byId("dropped"), "It has no row any more: it ended long ago.");
    return;
  }
  if (timeline.row.session !== wanted.session || timeline.row.run !== wanted.run) return;
  drawFacts(timeline.row, elapsed);
  say(byId("dropped"), timeline.dropped > 0 ? `${plural(timeline.dropped, "earlier entry").replace("entrys", "entries")} not kept` : "");
  drawEntries(timeline);
}

function drawFacts(row, elapsed) {
  const facts = {
    state: [row.state, ...row.tools].join(", "),
    model: [row.agent, row.model].filter(Boolean).join(", ") || NOTHING,
    turns: `${count(row.turns)} ended`,
    tokens: `${count(row.input_tokens)} in, ${count(row.output_tokens)} out`,
    troubles: `${plural(row.retries, "retry").replace("retrys", "retries")}, ${plural(row.restarts, "restart")}`,
    silent: age(row.idle + elapsed),
  };
  each(
    byId("facts"),
    Object.entries(facts),
    ([label]) => label,
    ([label]) => {
      const fact = element("div");
      fact.append(element("dt", "", label), element("dd"));
      return fact;
    },
    (fact, [, value]) => say(fact.lastChild, value),
  );
  mark(byId("facts"), "class", row.state);
}

function drawEntries(timeline) {
  const list = byId("entries");
  const low = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  // Entries are never changed once they are there, and leave at the top: so their number is a key.
  const entries = timeline.entries.map((entry, at) => ({ ...entry, number: timeline.dropped + at, before: timeline.entries[at - 1] }));
  each(list, entries, (entry) => entry.number, entryLine, () => {});
  if (low) list.scrollTop = list.scrollHeight;
}

function entryLine(entry) {
  const line = element("li", kindOf(entry));
  const fresh = entry.before === undefined || entry.before.turn !== entry.turn;
  if (fresh && entry.turn > 0) mark(line, "data-turn", `turn ${entry.turn}`);
  const head = element("p");
  head.append(element("time", "", clock(entry.at, 3)), element("b", "", entry.event));
  line.append(head);
  const details = [
    entry.attempt > 0 && !entry.event.startsWith("session.") && `step ${entry.step}, attempt ${entry.attempt}`,
    entry.text.includes(entry.error) ? "" : entry.error,
    entry.duration !== null && durationOf(entry),
    entry.input_tokens !== null && `${count(entry.input_tokens)} tokens in`,
    entry.output_tokens !== null && `${count(entry.output_tokens)} out`,
    entry.calls > 0 && plural(entry.calls, "tool call"),
  ].filter(Boolean);
  if (details.length > 0) line.append(element("p", "note", details.join(" · ")));
  if (entry.text) line.append(element("p", "text", entry.text));
  return line;
}

function durationOf(entry) {
  return entry.event === "request.retry_scheduled" ? `next in ${span(entry.duration)}` : span(entry.duration);
}

function kindOf(entry) {
  if (entry.event.endsWith("retry_scheduled")) return "retrying";
  if (entry.level === "ERROR" || entry.level === "CRITICAL" || entry.event.endsWith("failed")) return "failed";
  if (entry.event.endsWith("completed")) return "streaming";
  if (entry.event === "approval.requested") return "approving";
  if (entry.event === "tool.started") return "acting";
  return entry.event.endsWith("started") ? "waiting" : "idle";
}
