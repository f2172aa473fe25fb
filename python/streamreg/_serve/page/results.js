// The results: which table, which of its rows; a page of them at a time, found by the run and never all loaded.

import { exact, json, RefusedError, TokenError } from "./connection.js";
import { grid } from "./grid.js";

const AT_A_TIME = 20;
const TYPING = 200; // milliseconds after the last letter
const MISSING = "(missing)"; // a key, which is not the empty text
const NUMBERS = { Infinity: "inf", "-Infinity": "-inf", NaN: "nan" };
const at = (id) => document.getElementById(id);

export class Results {
  // `chosen` is called when another table or row is shown.
  constructor(chosen) {
    this.chosen = chosen;
    this.tables = [];
    this.table = null;
    this.key = null; // by which figures are asked for: names and texts, null where missing; of windows the instance
    this.cursor = null;
    this.number = 1; // of the page
    this.following = null;
    this.asked = 0;
    this.shown = null; // what the rows that are shown were asked for by
    this.held = false; // nobody can be asked
    this.told = true; // what was searched for, or which page it is
    at("table").addEventListener("change", (event) => this.open(event.target.value));
    let timer;
    at("search").addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.page(null), TYPING);
    });
    at("first").addEventListener("click", () => { if (this.ready && this.cursor !== null) this.page(null); });
    at("next").addEventListener("click", () => {
      if (this.ready && this.following !== null) this.page(this.following, this.shown.number + 1);
    });
  }

  // Whether more of what is shown can be asked for.
  get ready() {
    return !this.held && this.shown?.table === this.table;
  }

  // Says why nobody can be asked, until the reason is empty: what is shown stays, and nothing else can be chosen.
  hold(reason) {
    this.held = reason !== "";
    at("held").textContent = reason;
    at("search").readOnly = this.held;
    this.enable();
  }

  // Shows what can be pressed or chosen now; what cannot keeps the focus.
  enable() {
    const enabled = (element, can) => element.setAttribute("aria-disabled", String(!can));
    enabled(at("table"), !this.held);
    for (const option of at("table").options) option.disabled = this.held && !option.selected;
    enabled(at("first"), this.ready && this.cursor !== null);
    enabled(at("next"), this.ready && this.following !== null);
    for (const button of at("result").querySelectorAll("button")) enabled(button, this.ready);
  }

  // Which tables there are; the one that is shown stays if it is among them.
  async load() {
    const { tables } = await json("v1/tables");
    this.tables = tables;
    this.shown = null;
    const select = at("table");
    select.replaceChildren(...tables.map((one) => new Option(one.name, one.name)));
    const name = this.table?.name;
    const same = tables.some((one) => one.name === name);
    if (tables.length) await this.open(same ? name : tables[0].name, same);
  }

  // There are none yet; what is shown is not what stands.
  wait() {
    this.tables = [];
    at("table").replaceChildren();
    this.clear();
    at("result-note").textContent = "not known yet";
  }

  async open(name, keep = false) {
    this.turn(this.tables.find((one) => one.name === name));
    if (!keep) {
      this.key = null;
      at("chosen").textContent = "";
      at("search").value = "";
    }
    at("found").textContent = "";
    this.cursor = null;
    this.number = 1;
    this.enable();
    await this.refresh();
    this.chosen();
  }

  // Takes a table, and shows what it can be asked for.
  turn(table) {
    this.table = table;
    at("table").value = table.name;
    at("finder").hidden = table.keys !== null && table.keys.length === 0;
    at("search").disabled = table.keys === null;
  }

  // What is shown is still that of before, since no answer came.
  back() {
    if (this.shown === null) return;
    const { table, key, chosen, cursor, number, search } = this.shown;
    if (table !== this.table) {
      this.turn(table);
      this.key = key;
      at("chosen").textContent = chosen;
    }
    this.cursor = cursor;
    this.number = number;
    at("search").value = search;
    this.enable();
  }

  page(cursor, number = 1) {
    if (this.held) {
      this.back();
      return;
    }
    this.cursor = cursor;
    this.number = number;
    this.told = false;
    this.refresh();
  }

  // The page of rows as it stands.
  async refresh() {
    if (!this.table) return;
    const { table, cursor, number } = this;
    const asked = ++this.asked;
    const query = { limit: AT_A_TIME };
    const search = at("search").value;
    if (search) query.search = search;
    if (table.windows) query.sort = "desc"; // the newest first
    if (cursor) query.cursor = cursor;
    try {
      const found = await exact(`v1/tables/${encodeURIComponent(table.name)}?${new URLSearchParams(query)}`);
      if (asked !== this.asked) return; // another page was asked for meanwhile
      this.following = found.next;
      this.show(found, search);
      this.shown = { table, key: this.key, chosen: at("chosen").textContent, cursor, number, search };
      this.enable();
    } catch (error) {
      if (error instanceof TokenError) throw error;
      if (asked !== this.asked) return;
      at("result-note").textContent = error.message;
      this.tell(error.message);
      const same = this.shown?.table === table && this.shown.cursor === cursor && this.shown.search === search;
      if (!same && error instanceof RefusedError) this.clear();
      else if (!same) this.back();
    }
  }

  clear() {
    this.shown = null;
    at("result").replaceChildren();
    at("pages").hidden = true;
  }

  // Says what came of a search or of another page, once: what epochs change is not said.
  tell(text) {
    if (!this.told) at("found").textContent = text;
    this.told = true;
  }

  show({ rows, total, epoch }, search) {
    const { name, keys, columns, windows } = this.table;
    const names = columns.map((column) => column.name);
    const kinds = Object.fromEntries(columns.map((column) => [column.name, column.type]));
    const shown = rows.map((row) => names.map((one) => (
      row[one] === null && keys?.includes(one) ? MISSING : textOf(row[one], kinds[one]))));
    const single = keys !== null && keys.length === 0;
    at("pages").hidden = single;
    const all = `${Number(total).toLocaleString("en")} rows in all`;
    const said = search ? `${this.matching(rows.length)}, of ${all}` : all;
    const some = search || rows.length;
    at("result-note").textContent = some ? `after epoch ${epoch}${single ? "" : `; ${said}`}` : "no row";
    this.tell(search && this.cursor === null ? said : `page ${this.number}; ${said}`);
    if (single) {
      const pairs = rows.length ? names.map((one, place) => [one, shown[0][place]]) : [];
      grid(at("result"), name, ["", ""], pairs, { named: true });
      return;
    }
    const chosen = windows ? keys?.slice(0, -2) : keys; // a figure has all windows of an instance
    if (!chosen?.length) {
      if (windows) at("chosen").textContent = "Figures show the newest windows";
      grid(at("result"), name, names, shown);
      return;
    }
    const keyOf = (row) => Object.fromEntries(
      chosen.map((key) => [key, row[key] === null ? null : textOf(row[key], kinds[key])]));
    const found = rows.map(keyOf);
    if (this.key === null && found.length) this.choose(found[0], false);
    const same = (key) => this.key !== null && chosen.every((one) => key[one] === this.key[one]);
    const cells = shown.map((row, place) => {
      const label = chosen.map((key) => `${key} ${found[place][key] ?? MISSING}`).join(", ");
      const press = () => { if (this.ready) this.choose(found[place], true); };
      return [{ text: "Show", label: `Show ${label}`, press }, ...row];
    });
    grid(at("result"), name, ["Figures", ...names], cells, { current: windows ? -1 : found.findIndex(same) });
  }

  // How many rows there are of which a key has what is searched for, as far as this page tells.
  matching(count) {
    if (this.cursor !== null) return "more rows that match";
    const least = this.following === null ? "" : "at least ";
    return `${least}${count} ${count === 1 ? "row matches" : "rows match"}`;
  }

  choose(key, told) {
    this.key = key;
    const text = Object.entries(key).map(([name, value]) => `${name} = ${value ?? MISSING}`).join(", ");
    at("chosen").textContent = `Figures show ${this.table.windows ? "the newest windows of " : ""}${text}`;
    if (told) this.refresh();
    this.chosen();
  }

  // What figures of the row that is shown are asked for by; null if there is none.
  query() {
    if (!this.table) return null;
    // With what stands before them, columns are called as no other parameter, and a missing value is no text.
    const keys = Object.entries(this.key ?? {}).map(([name, value]) => value === null ? [`missing.${name}`, ""] : [`column.${name}`, value]);
    return { table: this.table.name, ...Object.fromEntries(keys) };
  }
}

// A value as the file has it; a missing one is empty there. JSON has no such numbers but as text.
function textOf(value, kind) {
  if (kind === "float") return NUMBERS[value] ?? value ?? "";
  if (value === null) return "";
  if (value === true) return "True";
  if (value === false) return "False";
  return value;
}
