/** What can be taken back: the last states of something whose values never change in place. */

export const STEPS_MAX = 100;

export class History {
  constructor(state) {
    this.before = [];
    this.after = [];
    this.state = state;
    this.merging = null;
  }

  /**
   * A new state after an edit. Edits that follow each other with the same `merge` word are one step, as a drag is.
   */
  push(state, merge = null) {
    if (state === this.state) return;
    if (merge === null || merge !== this.merging) {
      this.before.push(this.state);
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

  undo() {
    if (!this.canUndo) return;
    this.after.push(this.state);
    this.state = this.before.pop();
    this.merging = null;
  }

  redo() {
    if (!this.canRedo) return;
    this.before.push(this.state);
    this.state = this.after.pop();
    this.merging = null;
  }
}
