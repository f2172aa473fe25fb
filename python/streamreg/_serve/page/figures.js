// The figures: drawn by plotly from what the run gives, each with its numbers below; those in view alone are asked for.

import { json, TokenError } from "./connection.js";
import { grid } from "./grid.js";

const OPTIONS = { displayModeBar: false, responsive: true };

let loading = null;
let spent = 0; // milliseconds that drawing took, until it was painted

// Plotly's JavaScript, when the first figure has come.
function plotly() {
  loading ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = `${document.body.dataset.assets}plotly.js`;
    script.onload = () => done(window.Plotly);
    script.onerror = () => { loading = null; failed(new Error("plotly.js could not be loaded")); };
    document.head.append(script);
  });
  return loading;
}

export class Figure {
  constructor(element) {
    this.element = element;
    this.path = element.dataset.path;
    this.visible = false;
    this.asking = false;
    this.waiting = null; // what it was asked for meanwhile
    this.turn = 0; // of the request that was sent last
    this.answer = null;
    this.row = null; // what the answer is of, as its request says
    this.kept = {}; // the answers of the end, by their colours
    this.title = element.querySelector("figcaption").textContent;
    element.querySelector("figcaption").id = `${element.id}-title`;
    this.plot = Object.assign(document.createElement("div"), { className: "plot" });
    this.plot.setAttribute("role", "img");
    this.plot.setAttribute("aria-label", `${this.title}: a figure; its numbers follow`);
    this.note = Object.assign(document.createElement("p"), { className: "note" });
    this.details = document.createElement("details");
    const summary = Object.assign(document.createElement("summary"), { textContent: `Numbers: ${this.title.toLowerCase()}` });
    this.numbers = Object.assign(document.createElement("div"), { className: "wide", tabIndex: 0 });
    this.numbers.setAttribute("role", "region");
    this.numbers.setAttribute("aria-label", `Numbers of: ${this.title}`);
    this.details.append(summary, this.numbers);
    this.details.hidden = true;
    this.plot.hidden = true;
    this.details.addEventListener("toggle", () => this.showNumbers());
    element.append(this.note, this.plot, this.details);
  }

  // Asks for it as it is now, unless nobody sees it.
  async refresh(query, theme) {
    if (!this.visible) return;
    this.waiting = [query, theme];
    if (this.asking) return;
    this.asking = true;
    try {
      while (this.waiting !== null) {
        const next = this.waiting;
        this.waiting = null;
        await this.ask(...next);
      }
    } finally {
      this.asking = false;
    }
  }

  // The same at once and in both colours, whoever sees it and whatever is being drawn: nobody can be asked later.
  async last(query, theme, other) {
    const [, kept] = await Promise.all([this.ask(query, theme), this.answerTo(query, other).catch(() => null)]);
    this.kept = { [theme]: this.answer, [other]: kept };
  }

  async ask(query, theme) {
    this.waiting = null;
    this.kept = {};
    const turn = ++this.turn;
    const row = `${new URLSearchParams(query)}`;
    try {
      const answer = await this.answerTo(query, theme);
      if (turn !== this.turn) return; // it was asked for again meanwhile
      this.row = row;
      await this.show(answer);
    } catch (error) {
      if (error instanceof TokenError) throw error;
      if (turn !== this.turn) return;
      this.note.textContent = error.message;
      if (row === this.row) return;
      this.answer = this.row = null;
      this.plot.hidden = this.details.hidden = true;
    }
  }

  answerTo(query, theme) {
    return json(`v1/figures/${this.path}?${new URLSearchParams({ ...query, theme })}`);
  }

  // In other colours, where these were kept.
  recolour(theme) {
    const kept = this.kept[theme];
    if (kept && kept !== this.answer && this.plot.hasChildNodes()) this.show(kept);
  }

  show(answer) {
    this.answer = answer;
    this.note.textContent = answer.note;
    this.details.hidden = answer.rows.length === 0;
    this.showNumbers();
    return this.draw(answer.figure);
  }

  async draw(figure) {
    this.plot.hidden = figure === null;
    if (figure === null) return;
    const drawing = await plotly();
    if (this.answer?.figure !== figure) return;
    figure.layout.uirevision = this.path; // where a reader has zoomed to stays
    this.plot.style.height = `${figure.layout.height}px`; // which plotly takes when the window is resized
    const begun = performance.now();
    requestAnimationFrame(() => setTimeout(() => { spent += performance.now() - begun; }));
    await drawing.react(this.plot, figure.data, figure.layout, OPTIONS);
  }

  showNumbers() {
    if (this.details.open && this.answer) grid(this.numbers, this.title, this.answer.columns, this.answer.rows);
  }
}

// How long drawing took since it was asked for, in milliseconds.
export function taken() {
  const found = spent;
  spent = 0;
  return found;
}

// All figures of the page; `seen` is called when one comes into view.
export function figures(seen) {
  const found = [...document.querySelectorAll("figure")].map((element) => new Figure(element));
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const figure = found.find((one) => one.element === entry.target);
      figure.visible = entry.isIntersecting;
      if (figure.visible) seen(figure);
    }
  }, { rootMargin: "200px" });
  for (const figure of found) watch.observe(figure.element);
  return found;
}
