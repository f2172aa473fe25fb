// The page: follows the status of the run, and asks for what is in view when something has changed.

import { follow, forgetToken, hasToken, json, TokenError, useToken } from "./connection.js";
import { figures, taken } from "./figures.js";
import { grid, tiles } from "./grid.js";
import { Results } from "./results.js";
import { ofBrowser } from "./storage.js";

const PACE = 1_000; // milliseconds between two looks at rows and figures, at least
const REST = 20; // figures are drawn anew after so many times as long as that took: a run beside it needs processors
const MOST_REST = 10_000;
const MOST_PARTITIONS = 50; // that are shown: those that are furthest behind
const THEME = "streamreg-theme";
const at = (id) => document.getElementById(id);
const count = (number) => (number === null ? "unknown" : number.toLocaleString("en")); // null while a run starts

const results = new Results(() => look(drawn));
const drawn = figures((figure) => look([figure]));
let status = null;
let looking = false;
let again = false;
let behind = false; // figures are
let rested = 0; // when they may be drawn
let following = false;
let answered = false; // by the run: it is there
let ending = false; // it has ended, and all is asked for once more
let quiet = 0; // events without a change

// --- colours -----------------------------------------------------------------

const dark = matchMedia("(prefers-color-scheme: dark)");
const theme = () => ofBrowser.getItem(THEME) ?? (dark.matches ? "dark" : "light");
const other = () => (theme() === "dark" ? "light" : "dark");

function colour() {
  document.documentElement.dataset.theme = theme();
  at("theme").textContent = other() === "dark" ? "Dark colours" : "Light colours";
  look(drawn);
  for (const figure of drawn) figure.recolour(theme());
}

at("theme").addEventListener("click", () => {
  ofBrowser.setItem(THEME, other());
  colour();
});
dark.addEventListener("change", colour);

// --- what is asked for -------------------------------------------------------

// Whether the run has told its tables: not while it starts, nor at once after what serves it was started again.
const known = () => status !== null && status.epoch !== null;

// Asks for some figures as they are now; `atEnd` as they stay, in both colours, those too that nobody sees.
async function look(some, atEnd = false) {
  if (!answered || (ending && !atEnd)) return;
  const query = known() ? results.query() : null;
  await Promise.all(some.map(async (figure) => {
    const asked = figure.path === "pace" ? {} : query;
    if (!asked) return;
    try {
      await (atEnd ? figure.last(asked, theme(), other()) : figure.refresh(asked, theme()));
      tellInstall(figure);
    } catch (error) {
      failed(error);
    }
  }));
}

function tellInstall({ answer }) {
  const install = answer?.install ?? null;
  at("install").hidden = install === null;
  if (install !== null) at("install").textContent = `Figures need plotly where the run is: ${install}`;
}

// All that is shown, again; once more if something has changed meanwhile.
async function refresh() {
  again = true;
  if (looking || document.hidden) return;
  looking = true;
  try {
    while ((again || behind) && answered && !document.hidden) {
      if (again) {
        again = false;
        await rows();
        behind = true;
      }
      if (performance.now() >= rested) {
        behind = false;
        look(drawn);
      }
      await new Promise((done) => setTimeout(done, PACE));
      rested = Math.max(rested, performance.now() - PACE + Math.min(REST * taken(), MOST_REST));
    }
  } catch (error) {
    quiet = 0; // the next status asks again
    failed(error);
  } finally {
    looking = false;
  }
}

async function rows() {
  if (!known()) results.wait();
  else if (results.tables.length) await results.refresh();
  else await results.load();
  if (results.held && answered && !ending) results.hold("");
  await rejects();
}

// All as it stands at the end of the run, in view or not: later nobody can be asked.
async function last() {
  again = behind = false;
  try {
    if (!results.tables.length) await results.load();
    await Promise.all([results.refresh(), rejects(), look(drawn, true)]);
  } catch (error) {
    failed(error);
  }
  answered = false;
  for (const figure of drawn) figure.recolour(theme()); // which may be another meanwhile
}

document.addEventListener("visibilitychange", () => { if (again || behind) refresh(); });

async function rejects() {
  const { counts, examples } = await json("v1/rejects");
  const reasons = Object.entries(counts ?? {}).sort(([one], [other]) => one.localeCompare(other));
  at("rejects-note").textContent = reasons.length
    ? reasons.map(([reason, number]) => `${reason} ${count(number)}`).join(", ") : counts ? "none" : "unknown";
  const rows = examples.map((one) => [
    one.file ?? `${one.topic}, partition ${one.partition}`,
    String(one.offset),
    one.reason,
    one.column ?? "",
    one.detail,
    { text: one.value, kind: "value" },
  ]);
  const head = rows.length ? ["where", "offset", "reason", "column", "detail", "value"] : [];
  grid(at("rejects"), "The newest rejects", head, rows);
}

function failed(error) {
  if (error instanceof TokenError) login();
  // Else the connection is lost, which the stream of the status says too, and comes back with it.
}

// --- the status --------------------------------------------------------------

function connection(state, text) {
  const shown = at("connection");
  shown.dataset.state = state;
  if (shown.textContent !== text) shown.textContent = text;
}

// How the run is, and what is said of it; outputs that it waits for are named.
function running({ phase, waiting }) {
  const outputs = Object.keys(waiting);
  if (outputs.length) return ["waits", `waits for ${outputs.join(", ")}: nothing is read`];
  return ["live", phase === "starting" ? "starting" : "live"];
}

function show(now) {
  at("topic").textContent = now.topic;
  document.title = `${now.topic} – streamreg`;
  const rejected = now.rejects && Object.values(now.rejects).reduce((sum, number) => sum + number, 0);
  const mean = (total, number) => (number ? `${(1000 * total / number).toPrecision(3)} ms` : "–");
  tiles(at("tiles"), [
    ["Rows", count(now.rows)],
    ["Rows a second", count(now.rows_per_second && Math.round(now.rows_per_second))],
    ["Lag", count(now.lag)],
    ["Rejects", count(rejected)],
    ["Epochs", count(now.epochs)],
    ["Mean epoch", mean(now.epoch_seconds_total, now.epochs_closed)],
    ["Mean checkpoint", mean(now.checkpoint_seconds_total, now.checkpoints)],
    ["Running for", duration(now.seconds)],
  ]);
  const partitions = now.partitions ?? [];
  const behind = ({ lag }) => lag ?? Number.MAX_VALUE;
  const shown = new Set([...partitions].sort((one, other) => behind(other) - behind(one)).slice(0, MOST_PARTITIONS));
  const rows = partitions.filter((one) => shown.has(one)).map((one) => [
    one.file ?? (one.topic ? `${one.topic}, partition ${one.partition}` : String(one.partition)),
    count(one.offset), count(one.log_end), count(one.lag),
  ]);
  const more = partitions.length - rows.length;
  at("partitions-note").textContent = more ? `and ${count(more)} more, none further behind` : "";
  const files = partitions.some((one) => one.file);
  at("partitions-title").textContent = files ? "Files" : "Partitions";
  const head = files ? ["file", "next byte", "end", "lag"] : ["partition", "next offset", "log end", "lag"];
  grid(at("partitions"), at("partitions-title").textContent, head, rows, { named: true });
}

function duration(seconds) {
  const whole = Math.floor(seconds);
  const two = (number) => String(number).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

const changed = (before, now) => before === null || before.epoch !== now.epoch || before.rows !== now.rows
  || before.rows_per_second !== now.rows_per_second || JSON.stringify(before.rejects) !== JSON.stringify(now.rejects);

function start() {
  at("login").hidden = true;
  at("interfaces").hidden = hasToken(); // links bring none
  if (following) return; // it goes on with the new token
  following = true;
  let lost = true;
  follow("v1/status/changes", {
    status(data) {
      answered = true;
      ending = false;
      at("run").hidden = false;
      connection(...running(data));
      show(data);
      if (lost) results.tables = []; // of another run there may be others
      quiet = lost || changed(status, data) || !results.tables.length ? 0 : quiet + 1;
      lost = false;
      status = data;
      if (quiet <= 2) refresh(); // the newest rows may come a moment after the status
    },
    async end() {
      lost = answered = ending = true;
      connection("ended", "the run has ended");
      results.hold("The run has ended: no other table, row or page can be shown.");
      await last();
    },
    lost() {
      lost = true;
      answered = false;
      connection("lost", "connection lost, trying again");
      results.hold("The connection is lost: until it is there again, no other table, row or page can be shown.");
    },
    token() {
      following = answered = false;
      login();
    },
  });
}

// --- the token ---------------------------------------------------------------

function login() {
  if (!at("login").hidden) return;
  at("wrong").textContent = hasToken() ? "That is not the token of this run." : "";
  forgetToken();
  connection("lost", "a token is needed");
  at("run").hidden = at("interfaces").hidden = true;
  at("login").hidden = false;
  at("token").focus();
}

at("login").addEventListener("submit", (event) => {
  event.preventDefault();
  const given = at("token").value.trim();
  at("token").value = "";
  if (!/^[\x21-\x7e]+$/.test(given)) {
    at("wrong").textContent = "A token has no spaces, and letters of ASCII alone.";
    return;
  }
  useToken(given);
  start();
  at("main").focus(); // the form, which had it, is gone
});

colour();
start();
