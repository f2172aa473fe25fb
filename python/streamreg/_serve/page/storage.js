// What the browser keeps of this page: in its storage, or in memory alone where it forbids that.

const PROBE = "streamreg-probe";

class Memory {
  #values = new Map();
  getItem(key) { return this.#values.get(key) ?? null; }
  setItem(key, value) { this.#values.set(key, value); }
  removeItem(key) { this.#values.delete(key); }
}

function storage(name) {
  try {
    const found = window[name];
    found.setItem(PROBE, "");
    found.removeItem(PROBE);
    return found;
  } catch { // not to be read, or to be written: nothing outlives the page
    return new Memory();
  }
}

export const ofTab = storage("sessionStorage");
export const ofBrowser = storage("localStorage");
