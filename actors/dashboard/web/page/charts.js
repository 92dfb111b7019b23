// Small charts: bars of the last minute, shares of a whole, quantiles on a line.

const MINUTE = [
  ["tokens", "output tokens/s", "accent"],
  ["turns", "turns ended/s", "calm"],
  ["failures", "attempts failed/s", "bad"],
];

function drawMinute(parent, seconds, elapsed) {
  // The log may be silent while time goes on: then the bars go on to the left.
  const gone = Math.min(seconds.length, Math.floor(elapsed));
  const shown = [...seconds.slice(gone), ...Array.from({ length: gone }, () => ({ tokens: 0, turns: 0, failures: 0 }))];
  each(
    parent,
    MINUTE,
    ([name]) => name,
    ([, label, tone]) => {
      const figure = element("figure", tone);
      figure.append(element("figcaption"), shape("svg", { viewBox: "0 0 60 20", preserveAspectRatio: "none", "aria-hidden": "true" }));
      figure.firstChild.append(element("span", "", label), element("b"));
      return figure;
    },
    (figure, [name]) => bars(figure, shown.map((second) => second[name])),
  );
}

function bars(figure, values) {
  const most = Math.max(1, ...values);
  const sum = values.reduce((total, value) => total + value, 0);
  say(figure.querySelector("b"), `${rate(sum / 60, "")} · peak ${count(Math.max(...values))}`);
  each(
    figure.querySelector("svg"),
    values.map((value, at) => [at, value]),
    ([at]) => at,
    ([at]) => shape("rect", { x: at + 0.15, width: 0.7, rx: 0.2 }),
    (bar, [, value]) => {
      const height = value === 0 ? 0.4 : Math.max(1.2, (value / most) * 20);
      mark(bar, "y", 20 - height);
      mark(bar, "height", height);
      mark(bar, "class", value === 0 ? "nil" : null);
    },
  );
}

function drawCounts(list, counts, none, tone) {
  const entries = Object.entries(counts).sort((a, b) => b[1] - a[1]);
  const most = Math.max(1, ...entries.map(([, number]) => number));
  lines(
    list,
    entries,
    ([name]) => name,
    ["name", "number", "meter"],
    ([name, number, meter], [said, value]) => {
      say(name, said);
      hint(name, said);
      say(number, count(value));
      meter.style.setProperty("--part", value / most);
      mark(meter, "data-tone", tone(said));
    },
    none,
  );
}

const QUANTILES = ["p50", "p95", "p99", "max"];
const LATENCIES = [
  ["first_chunk", "first chunk"],
  ["attempt", "attempt"],
  ["turn", "turn"],
  ["approval", "approval"],
];

function drawLatency(table, latency) {
  if (table.children.length === 0) {
    const head = element("tr");
    head.append(...["", ...QUANTILES, "of"].map((name) => element("th", "", name)));
    table.append(head, ...LATENCIES.map(([, label]) => latencyRow(label)));
  }
  LATENCIES.forEach(([name], at) => {
    const cells = table.children[at + 1].children;
    QUANTILES.forEach((quantile, column) => say(cells[column + 1], span(latency[name][quantile])));
    say(cells[QUANTILES.length + 1], count(latency[name].count));
  });
}

function latencyRow(label) {
  const line = element("tr");
  const name = element("th", "", label);
  mark(name, "scope", "row");
  line.append(name, ...[...QUANTILES, "of"].map(() => element("td")));
  return line;
}
