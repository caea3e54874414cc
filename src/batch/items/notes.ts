/** What is told about many items is told once. */
export class Notes {
  private readonly told = new Set<string>()

  constructor(private readonly tell: (text: string) => void) {}

  /** Tells of the names that are new in this respect; only so many altogether. */
  add(about: string, names: readonly string[]): void {
    const fresh = names.filter((name) => this.told.size < mostTold && !this.told.has(`${about} ${name}`))
    for (const name of fresh) this.told.add(`${about} ${name}`)
    if (fresh.length > 0) this.tell(`${about} ${fresh.join(', ')}`)
  }
}

/** Whoever has more names than this has data in the place of names. */
const mostTold = 20
