// Messages by their kind, to whoever listens.

export class Listeners {
  #listeners = new Map();

  /** Call `listener` with every message of a kind; gives a function that ends it. */
  on(kind, listener) {
    if (!this.#listeners.has(kind)) this.#listeners.set(kind, new Set());
    this.#listeners.get(kind).add(listener);
    return () => this.#listeners.get(kind).delete(listener);
  }

  emit(kind, message) {
    for (const listener of this.#listeners.get(kind) ?? []) listener(message);
  }
}
