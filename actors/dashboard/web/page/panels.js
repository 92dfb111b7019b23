// Everything around the sessions.

const FIGURES = [
  ["turns completed", (totals) => totals.turns_completed, "good"],
  ["turns failed", (totals) => totals.turns_failed, "bad"],
  ["turns cancelled", (totals) => totals.turns_cancelled, ""],
  ["retries", (totals) => totals.retries, "warn"],
  ["restarts", (totals) => totals.restarts, "warn"],
  ["given up", (totals) => totals.gave_up, "bad"],
  ["dead letters", (totals) => totals.dead_letters, "warn"],
  ["stalls", (totals) => totals.stalls, "warn"],
  ["tool calls", (totals) => totals.calls, ""],
  ["calls failed", (totals) => totals.tools_failed, "warn"],
  ["tokens in", (totals) => totals.input_tokens, ""],
  ["tokens out", (totals) => totals.output_tokens, ""],
  ["sessions ended", (totals) => totals.sessions_ended, ""],
];

function drawFigures(totals) {
  each(
    byId("figures"),
    FIGURES,
    ([label]) => label,
    ([label]) => {
      const figure = element("div");
      figure.append(element("dt", "", label), element("dd"));
      return figure;
    },
    (figure, [, value, tone]) => {
      const number = value(totals);
      say(figure.lastChild, count(number));
      mark(figure, "class", number > 0 ? tone : "nil");
    },
  );
}

function drawLog({ view, progress }, elapsed) {
  const { totals } = view;
  const behind = progress.there - progress.read;
  const parts = [plural(progress.files, "file"), plural(totals.records, "record")];
  if (behind > 2 ** 20) parts.push(`catching up: ${Math.floor((100 * progress.read) / progress.there)} % of ${size(progress.there)}`);
  if (view.newest !== null) parts.push(`newest ${clock(view.newest)} UTC, ${age(Math.max(0, view.now + elapsed - view.newest))}`);
  if (totals.bad_lines > 0) parts.push(plural(totals.bad_lines, "bad line"));
  say(byId("log"), parts.join(" · "));
  hint(byId("log"), view.last_bad_line && `The last bad line: ${view.last_bad_line}`);
}

function drawRetries(view, elapsed) {
  lines(
    byId("retries"),
    view.retrying,
    rowKey,
    ["name", "number", "note", "meter"],
    ([name, number, note, meter], row) => {
      const due = left(row.retry_in, elapsed);
      say(name, row.session);
      hint(name, row.session);
      say(number, due === 0 ? "due" : span(due));
      say(note, `${row.reason}, attempt ${row.attempt} of ${row.retry_max + 1}`);
      meter.style.setProperty("--part", row.delay > 0 ? Math.min(1, due / row.delay) : 0);
    },
    "Nobody waits.",
  );
}

const TOOL_COLUMNS = ["tool", "calls", "failed", "running", "p50", "p95", "max"];

function drawTools(view) {
  if (byId("tools-head").children.length === 0) {
    byId("tools-head").append(...TOOL_COLUMNS.map((name) => element("th", "", name)));
  }
  each(
    byId("tools"),
    view.tools,
    (row) => row.tool,
    () => {
      const line = element("tr");
      line.append(...TOOL_COLUMNS.map((name) => element("td", name)));
      return line;
    },
    (line, row) => {
      const shown = [row.tool, count(row.calls), count(row.failed), count(row.running)];
      shown.push(...["p50", "p95", "max"].map((quantile) => span(row.took[quantile])));
      shown.forEach((text, column) => say(line.children[column], text));
      hint(line.firstChild, row.tool);
      mark(line, "data-some", row.failed > 0 ? "" : null);
    },
  );
  byId("toolless").hidden = view.tools.length > 0;
}

function drawApprovals(view, elapsed) {
  lines(
    byId("approvals"),
    view.approvals,
    (row) => `${row.run} ${row.approval}`,
    ["name", "number", "note"],
    ([name, number, note], row) => {
      say(name, row.session);
      hint(name, row.session);
      say(number, `for ${age(row.age + elapsed)}`);
      say(note, `${row.tool}, call ${row.call}, turn ${row.turn}`);
    },
    "No call waits.",
  );
  const rest = view.approvals_open - view.approvals.length;
  say(byId("more-approvals"), rest > 0 ? `and ${count(rest)} more` : "");
}

function decisionTone(decision) {
  if (decision === "expired") return "bad";
  return decision === "rejected" || decision === "withdrawn" ? "calm" : "good";
}

function drawTree(rows) {
  lines(
    byId("tree"),
    rows,
    (row) => row.urn,
    ["name", "id", "number", "note"],
    ([name, id, number, note], row, line) => {
      line.style.setProperty("--depth", row.depth);
      mark(line, "data-some", row.failures + row.restarts > 0 ? "" : null);
      say(name, row.kind);
      hint(name, row.urn);
      say(id, row.session);
      say(note, [row.hidden > 0 ? `and ${count(row.hidden)} more beneath` : "", row.error].filter(Boolean).join("; "));
      hint(note, row.error);
      const troubles = [row.failures && plural(row.failures, "failure"), row.restarts && plural(row.restarts, "restart")];
      say(number, troubles.filter(Boolean).join(", ") || row.state);
    },
    "No actor lives.",
  );
}

function drawNotices(list, notices, none) {
  const seen = new Map();
  lines(
    list,
    notices,
    (notice) => {
      const name = `${notice.at} ${notice.event} ${notice.session}`;
      seen.set(name, (seen.get(name) ?? 0) + 1);
      return `${name} ${seen.get(name)}`;
    },
    ["time", "name", "id", "note"],
    ([time, name, id, note], notice, line) => {
      mark(line, "data-level", notice.level);
      say(time, clock(notice.at));
      say(name, notice.event);
      say(id, notice.session);
      say(note, notice.text);
    },
    none,
  );
}

function drawRuns(runs, elapsed) {
  lines(
    byId("runs"),
    runs,
    (run) => run.run,
    ["name", "number", "note"],
    ([name, number, note], run, line) => {
      mark(line, "data-state", run.state);
      say(name, `pid ${run.pid}`);
      hint(name, run.run);
      say(number, run.state === "running" ? `up ${age(run.age + elapsed)}, heard ${age(run.idle + elapsed)}` : `stopped after ${age(run.age)}`);
      const figures = [
        run.sessions !== null && plural(run.sessions, "session"),
        run.loop_lag !== null && `loop lag ${span(run.loop_lag)}`,
        run.mailbox_depth !== null && `${count(run.mailbox_depth)} in mailboxes`,
        run.rss !== null && size(run.rss),
        run.dead_letters > 0 && plural(run.dead_letters, "dead letter"),
      ];
      say(note, figures.filter(Boolean).join(" · ") || "no figures yet");
    },
    "No runtime yet.",
  );
}

function toneOf(outcome) {
  if (outcome === "complete") return "good";
  return outcome === "cancelled" ? "calm" : "bad";
}

function draw(frame, elapsed) {
  const { view } = frame;
  drawLog(frame, elapsed);
  drawStates(view.states);
  drawFigures(view.totals);
  drawMinute(byId("minute"), view.minute, elapsed);
  drawRows(view, elapsed);
  drawRetries(view, elapsed);
  drawTools(view);
  drawApprovals(view, elapsed);
  drawCounts(byId("calls"), view.tool_outcomes, "No call has ended.", (outcome) => (outcome === "ok" ? "good" : "bad"));
  drawCounts(byId("decisions"), view.decisions, "None.", decisionTone);
  drawLatency(byId("latency"), view.latency);
  drawCounts(byId("outcomes"), view.outcomes, "No turn has ended.", toneOf);
  drawCounts(byId("errors"), view.errors, "None.", () => "bad");
  drawTree(view.tree);
  drawNotices(byId("problems"), view.problems, "None.");
  drawNotices(byId("letters"), view.dead_letters, "None.");
  drawNotices(byId("stalls"), view.stalls, "None.");
  drawRuns(view.runs, elapsed);
  drawTimeline(frame.timeline, elapsed);
}
