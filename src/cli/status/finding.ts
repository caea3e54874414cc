/** A problem or a possible improvement. */
export interface Finding {
  /** `problem`: something fails or is lost; `hint`: something could be better. */
  level: 'problem' | 'hint'
  /** The problem, with the numbers. */
  text: string
  /** What to change. */
  fix: string
}

/** Part of a whole as `45 of 50 (90 %)`. */
export function share(part: number, whole: number): string {
  return `${part} of ${whole} (${Math.round((part / whole) * 100)} %)`
}
