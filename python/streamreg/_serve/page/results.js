// The results: which table, which of its rows; a page of them at a time, found by the run and never all loaded.

import { exact, json, TokenError } from "./connection.js";
import { grid } from "./grid.js";

const AT_A_TIME = 20;
const TYPING = 200; // milliseconds after the last letter
const at = (id) => document.getElementById(id);

export class Results {
  // `chosen` is called when another table or row is shown.
  constructor(chosen) {
    this.chosen = chosen;
    this.tables = [];
    this.table = null;
    this.key = null; // the key columns and their texts, null where missing, of the row that is shown
    this.cursor = null;
    this.following = null;
    this.asked = 0;
    at("table").addEventListener("change", (event) => this.open(event.target.value));
    let timer;
    at("search").addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.page(null), TYPING);
    });
    at("first").addEventListener("click", () => this.page(null));
    at("next").addEventListener("click", () => this.page(this.following));
  }

  // Which tables there are; the one that is shown stays if it is among them.
  async load() {
    const { tables } = await json("v1/tables");
    this.tables = tables;
    const select = at("table");
    select.replaceChildren(...tables.map((one) => new Option(one.name, one.name)));
    const name = this.table?.name;
    const same = tables.some((one) => one.name === name);
    if (tables.length) await this.open(same ? name : tables[0].name, same);
  }

  // There are none yet; what is shown is not what stands.
  wait() {
    this.tables = [];
    at("result").replaceChildren();
    at("pages").hidden = true;
    at("result-note").textContent = "not known yet";
  }

  async open(name, keep = false) {
    this.table = this.tables.find((one) => one.name === name);
    at("table").value = name;
    if (!keep) {
      this.key = null;
      at("search").value = "";
    }
    const keys = this.table.keys;
    at("finder").hidden = keys !== null && keys.length === 0;
    at("search").disabled = keys === null;
    this.cursor = null;
    at("result").replaceChildren();
    await this.refresh();
    this.chosen();
  }

  page(cursor) {
    this.cursor = cursor;
    return this.refresh();
  }

  // The page of rows as it stands.
  async refresh() {
    if (!this.table) return;
    const table = this.table;
    const asked = ++this.asked;
    const query = { limit: AT_A_TIME };
    if (at("search").value) query.search = at("search").value;
    if (this.cursor) query.cursor = this.cursor;
    try {
      const found = await exact(`v1/tables/${encodeURIComponent(table.name)}?${new URLSearchParams(query)}`);
      if (asked !== this.asked) return; // another page was asked for meanwhile
      this.following = found.next;
      this.show(found);
    } catch (error) {
      if (error instanceof TokenError) throw error;
      at("result-note").textContent = error.message;
    }
  }

  show({ rows, total, epoch }) {
    const { name, keys, columns } = this.table;
    const names = columns.map((column) => column.name);
    const shown = rows.map((row) => names.map((one) => textOf(row[one])));
    const single = keys !== null && keys.length === 0;
    at("pages").hidden = single;
    at("first").disabled = this.cursor === null;
    at("next").disabled = this.following === null;
    at("result-note").textContent = rows.length
      ? `after epoch ${epoch}${single ? "" : `; ${Number(total).toLocaleString("en")} rows in all`}`
      : "no row";
    if (single) {
      const pairs = rows.length ? names.map((one, place) => [one, shown[0][place]]) : [];
      grid(at("result"), name, ["", ""], pairs, { named: true });
      return;
    }
    if (!keys) {
      grid(at("result"), name, names, shown);
      return;
    }
    const keyOf = (row) => Object.fromEntries(keys.map((key) => [key, row[key] === null ? null : textOf(row[key])]));
    const found = rows.map(keyOf);
    if (this.key === null && found.length) this.choose(found[0], false);
    const same = (key) => this.key !== null && keys.every((one) => key[one] === this.key[one]);
    const cells = shown.map((row, place) => {
      const label = keys.map((key) => `${key} ${found[place][key] ?? "(missing)"}`).join(", ");
      return [{ text: "Show", label: `Show ${label}`, press: () => this.choose(found[place], true) }, ...row];
    });
    grid(at("result"), name, ["Figures", ...names], cells, { current: found.findIndex(same) });
  }

  choose(key, told) {
    this.key = key;
    const text = Object.entries(key).map(([name, value]) => `${name} = ${value ?? "(missing)"}`).join(", ");
    at("chosen").textContent = `Figures show ${text}`;
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

// A value as the file has it; a missing one is empty there.
function textOf(value) {
  if (value === null) return "";
  if (value === true) return "True";
  if (value === false) return "False";
  return value;
}
