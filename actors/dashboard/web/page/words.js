// Numbers, durations and times as a person reads them.

const NOTHING = "–";
const plain = new Intl.NumberFormat("en");
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

function count(value) {
  if (value === null) return NOTHING;
  return value < 100000 ? plain.format(value) : compact.format(value);
}

function span(seconds) {
  if (seconds === null) return NOTHING;
  if (seconds < 0.0995) return `${(seconds * 1000).toFixed(seconds < 0.00995 ? 1 : 0)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(2)} s`;
  if (seconds < 99.5) return `${seconds.toFixed(1)} s`;
  return age(seconds);
}

function age(seconds) {
  if (seconds < 1) return "now";
  if (seconds < 100) return `${Math.floor(seconds)} s`;
  if (seconds < 6000) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 360000) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

function rate(value, unit) {
  return value === null ? NOTHING : `${value < 10 ? value.toFixed(1) : Math.round(value)}${unit}`;
}

function size(bytes) {
  if (bytes === null) return NOTHING;
  return bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

// UTC, as in the log and in `greenroom tail`.
function clock(at, digits = 0) {
  return new Date(at * 1000).toISOString().slice(11, digits ? 20 + digits : 19);
}

function plural(number, word) {
  return `${count(number)} ${word}${number === 1 ? "" : "s"}`;
}

function place(row) {
  return [row.turn, row.step, row.attempt].map((number) => number || NOTHING).join(" · ");
}
