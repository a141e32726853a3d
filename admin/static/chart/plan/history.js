/** What can be taken back: the last states of something whose values never change in place, each with what was selected. */

export const STEPS_MAX = 100;

export class History {
  constructor(state) {
    this.before = []; // [state, note], as `after`
    this.after = [];
    this.state = state;
    this.merging = null;
  }

  /**
   * A new state after an edit. Edits that follow each other with the same `merge` word are one step, as a drag is.
   * `note`: what goes with the state before it, given back when that state is.
   */
  push(state, merge = null, note = null) {
    if (state === this.state) return;
    if (merge === null || merge !== this.merging) {
      this.before.push([this.state, note]);
      if (this.before.length > STEPS_MAX) this.before.shift();
    }
    this.merging = merge;
    this.after = [];
    this.state = state;
  }

  /** The next edit is a step of its own, whatever its word. */
  settle() { this.merging = null; }

  get canUndo() { return this.before.length > 0; }
  get canRedo() { return this.after.length > 0; }

  /** The state before, and its note; `note` goes with the one that is left. Null if there is none. */
  undo(note = null) { return this.#travel(this.before, this.after, note); }
  redo(note = null) { return this.#travel(this.after, this.before, note); }

  #travel(from, to, note) {
    if (!from.length) return null;
    to.push([this.state, note]);
    const [state, found] = from.pop();
    this.state = state;
    this.merging = null;
    return found;
  }
}
