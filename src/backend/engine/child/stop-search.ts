/**
 * Searches a growing text for one string, character by character, by Knuth, Morris and Pratt: each character costs a few
 * steps, however long the string is and however often it nearly occurs.
 */
export class StopSearch {
  /** For each length of a beginning: the length of the longest shorter beginning that it ends with. */
  private readonly shorter: Int32Array
  /** How much of the string the text ends with. */
  matched = 0

  constructor(readonly stop: string) {
    this.shorter = new Int32Array(stop.length + 1)
    for (let length = 2, matched = 0; length <= stop.length; length++) {
      matched = this.step(matched, stop.charCodeAt(length - 1))
      this.shorter[length] = matched
    }
  }

  /** Adds a piece of the text. Returns where in it the string ends; `undefined` if it does not occur. */
  push(piece: string): number | undefined {
    for (let at = 0; at < piece.length; at++) {
      this.matched = this.step(this.matched, piece.charCodeAt(at))
      if (this.matched === this.stop.length) return at + 1
    }
    return undefined
  }

  private step(matched: number, unit: number): number {
    let length = matched
    while (length > 0 && this.stop.charCodeAt(length) !== unit) length = this.shorter[length] ?? 0
    return this.stop.charCodeAt(length) === unit ? length + 1 : 0
  }
}
