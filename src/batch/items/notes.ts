import {shorten} from '../../documents/index.js'

/** Notes that apply to many items are shown once. */
export class Notes {
  private readonly told = new Set<string>()

  constructor(private readonly tell: (text: string) => void) {}

  /** Shows the new names for this note, up to a maximum number. */
  add(about: string, names: readonly string[]): void {
    const fresh = names.filter((name) => this.told.size < mostTold && !this.told.has(`${about} ${name}`))
    for (const name of fresh) this.told.add(`${about} ${name}`)
    if (fresh.length > 0) this.tell(`${about} ${fresh.map((name) => shorten(name)).join(', ')}`)
  }
}

/** More names than this mean that the names are data. */
const mostTold = 20
