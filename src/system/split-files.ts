/** A model that is split is several files: `qwen-00001-of-00003.gguf` and so on. llama.cpp finds the others by the first name. */
const partName = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/s

interface Part {
  /** The path before the number. */
  stem: string
  part: number
  count: number
}

function partOf(file: string): Part | undefined {
  const [, stem, part, count] = partName.exec(file) ?? []
  const found = {stem: stem ?? '', part: Number(part), count: Number(count)}
  return found.part >= 1 && found.part <= found.count ? found : undefined
}

/**
 * The files of the model that this file belongs to, the first one first, going by its name alone. A model that is not
 * split has one.
 */
export function partsOf(file: string): string[] {
  const found = partOf(file)
  if (found === undefined) return [file]
  return Array.from({length: found.count}, (_, index) => nameOf(found, index + 1))
}

/** The file by which a model is loaded: of a split one, the first. */
export function firstPart(file: string): string {
  const found = partOf(file)
  return found === undefined ? file : nameOf(found, 1)
}

function nameOf({stem, count}: Part, part: number): string {
  const [number, of] = [part, count].map((each) => String(each).padStart(5, '0'))
  return `${stem}-${number}-of-${of}.gguf`
}
