// The connection: one request whose answer does not end. By `fetch`, as an EventSource can't send the token in a header.

const STORE = "greenroom.token";
const SILENCE = 20000; // ms; the server says something every 5 s
const SLOWEST = 5000; // ms between two tries

let latest = null; // the newest frame
let arrived = 0; // and when it came
let paused = false;
let controller = null;
let waiting = 0;
let tries = 0;

// The fragment of a URL is never sent. It goes from the address bar to this tab's storage.
function takeToken() {
  const token = location.hash.slice(1);
  if (token === "") return;
  sessionStorage.setItem(STORE, token);
  history.replaceState(null, "", location.pathname);
}

// What is asked for has changed. Whoever asks wants to see an answer: a pause ends.
function ask() {
  if (paused) pause();
  else connect();
}

// Begins anew, whatever there was.
function connect() {
  clearTimeout(waiting);
  controller?.abort();
  controller = null;
  if (latest !== null) redraw();
  if (paused || document.hidden) return;
  if (sessionStorage.getItem(STORE) === null) {
    needToken();
    return;
  }
  controller = new AbortController();
  follow(controller);
}

function query() {
  const parameters = new URLSearchParams({ sort: wanted.sort, reverse: wanted.reverse, text: wanted.text });
  if (wanted.states.size > 0) parameters.set("states", [...wanted.states].join(","));
  if (wanted.session !== "") {
    parameters.set("run", wanted.run);
    parameters.set("session", wanted.session);
  }
  return parameters;
}

async function follow(mine) {
  let why = "";
  try {
    const response = await fetch(`/events?${query()}`, {
      headers: { authorization: `Bearer ${sessionStorage.getItem(STORE)}` },
      signal: mine.signal,
      cache: "no-store",
    });
    if (response.status === 401) {
      sessionStorage.removeItem(STORE);
      needToken();
      return;
    }
    if (response.ok) await read(response.body.getReader(), mine);
    else why = (await response.text()).trim();
  } catch {
    // Refused, reset, or hung up: the same to the reader.
  }
  if (controller === mine) again(why);
}

async function read(reader, mine) {
  const decoder = new TextDecoder();
  let rest = "";
  let alarm = 0;
  const listen = () => {
    clearTimeout(alarm);
    alarm = setTimeout(() => reader.cancel(), SILENCE);
  };
  try {
    for (listen(); ; listen()) {
      const { done, value } = await reader.read();
      if (done || controller !== mine) return;
      const events = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = events.pop();
      linked("live", "live");
      tries = 0;
      // Of what came at once, the newest says all.
      const newest = events.findLast((event) => event.startsWith("data: "));
      if (newest !== undefined) take(JSON.parse(newest.slice(6)));
    }
  } finally {
    clearTimeout(alarm);
  }
}

function take(frame) {
  latest = frame;
  arrived = performance.now();
  byId("main").hidden = false;
  byId("gate").hidden = true;
  requestAnimationFrame(redraw);
}

function redraw() {
  if (latest !== null) draw(latest, (performance.now() - arrived) / 1000);
}

function again(why) {
  const delay = Math.min(SLOWEST, 250 * 2 ** tries) * (0.5 + Math.random() / 2);
  tries += 1;
  const seen = latest === null ? "" : ` What you see is of ${clock(latest.view.now)} UTC.`;
  linked("lost", "connection lost", `The connection is lost${why && `: ${why}`}.${seen} Trying again…`);
  waiting = setTimeout(connect, delay);
}

function needToken() {
  linked("lost", "no token");
  byId("gate").hidden = false;
  byId("token").focus();
}

function linked(state, words, alarm = "") {
  mark(byId("link"), "data-link", state);
  say(byId("link"), words);
  const lost = byId("lost");
  say(lost, alarm);
  lost.hidden = alarm === "";
  document.body.classList.toggle("stale", state === "lost");
}

function pause() {
  paused = !paused;
  mark(byId("pause"), "aria-pressed", paused);
  say(byId("pause"), paused ? "Go on" : "Pause");
  if (paused) linked("paused", "paused");
  else linked("connecting", "connecting");
  connect();
}
