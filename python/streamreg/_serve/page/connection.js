// What the run answers, as JSON or as events, to requests that bring the token of this tab.

import { ofTab } from "./storage.js";

const KEPT = "streamreg-token";
const SILENT = 10_000; // milliseconds without an event, or an answer, after which none is waited for
const FIRST_PAUSE = 500;
const MOST_PAUSE = 8_000;

export class TokenError extends Error {}
export class RefusedError extends Error {} // by the run, which is there

let token = ofTab.getItem(KEPT);

// Takes a token for all further requests of this tab.
export function useToken(text) {
  token = text;
  ofTab.setItem(KEPT, text);
}

export function forgetToken() {
  token = null;
  ofTab.removeItem(KEPT);
}

export const hasToken = () => token !== null;

async function ask(path, signal) {
  const headers = token === null ? {} : { Authorization: `Bearer ${token}` };
  const answer = await fetch(path, { headers, signal, cache: "no-store" });
  if (answer.status === 401) throw new TokenError();
  return answer;
}

async function textOf(path) {
  const place = path.split("?", 1)[0];
  try {
    const answer = await ask(path, AbortSignal.timeout(SILENT));
    const text = await answer.text();
    if (answer.ok) return text;
    let reason = `${place}: ${answer.status}`;
    try { reason = JSON.parse(text).error ?? reason; } catch { /* no answer of ours: the status must do */ }
    throw new RefusedError(reason);
  } catch (error) {
    throw error.name === "TimeoutError" ? new Error(`${place}: no answer within ${SILENT / 1000} s`) : error;
  }
}

export const json = async (path) => JSON.parse(await textOf(path));

// The same with each number as the text that it has: a number of JavaScript may lack some of its digits.
export async function exact(path) {
  const text = await textOf(path);
  const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
  return JSON.parse(text.replace(tokens, (found) => (found[0] === '"' ? found : `"${found}"`)));
}

// Server-sent events; `EventSource` could not bring a token.
async function* events(path) {
  const stop = new AbortController();
  let timer = setTimeout(() => stop.abort(), SILENT);
  try {
    const answer = await ask(path, stop.signal);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let held = "";
    for (;;) {
      const { value, done } = await reader.read();
      clearTimeout(timer);
      if (done) return;
      timer = setTimeout(() => stop.abort(), SILENT);
      const parts = (held + value).split("\n\n");
      held = parts.pop();
      for (const part of parts) {
        const fields = Object.fromEntries(part.split("\n").map((line) => {
          const at = line.indexOf(": ");
          return [line.slice(0, at), line.slice(at + 2)];
        }));
        if (fields.event) yield { name: fields.event, data: JSON.parse(fields.data) };
      }
    }
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}

// Gives the status to `on.status`, and connects again for as long as the page is open; returns when a token is needed.
// When the run has ended, it is answered until `on.end` is done; then the connection is not lost, but there is none.
export async function follow(path, on) {
  let pause = FIRST_PAUSE;
  let ended = false;
  for (;;) {
    try {
      for await (const { name, data } of events(path)) {
        pause = FIRST_PAUSE;
        const before = ended;
        ended = name === "end";
        if (!ended) on.status(data);
        else if (!before) await on.end();
        if (ended) break;
      }
    } catch (error) {
      if (error instanceof TokenError) { on.token(); return; }
    }
    if (!ended) on.lost();
    await new Promise((done) => setTimeout(done, pause));
    pause = Math.min(2 * pause, MOST_PAUSE);
  }
}
