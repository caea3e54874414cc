export interface XmlElement {
  name: string
  attributes: Record<string, string>
  children: XmlElement[]
  text: string
}

const token = /<\?xml [^?]*\?>|<\/([\w:]+)\s*>|<([\w:]+)((?:\s+[\w:]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy
const entities: Record<string, string> = {amp: '&', lt: '<', gt: '>', quot: '"', apos: "'"}

/** Reads XML as far as reports need it, and throws where it is not well-formed. */
export function parseXml(source: string): XmlElement {
  const root: XmlElement = {name: '', attributes: {}, children: [], text: ''}
  const open = [root]
  let end = 0
  for (const match of source.matchAll(token)) {
    const [whole, closed, opened, attributes = '', empty, text] = match
    const top = open.at(-1) ?? root
    end = match.index + whole.length
    if (text !== undefined) top.text += decode(text)
    else if (closed !== undefined) {
      if (open.pop()?.name !== closed) throw new Error(`</${closed}> closes <${top.name}>`)
    } else if (opened !== undefined) {
      const element: XmlElement = {name: opened, attributes: parseAttributes(attributes), children: [], text: ''}
      top.children.push(element)
      if (empty === '') open.push(element)
    }
  }
  if (end !== source.length) throw new Error(`not well-formed at ${source.slice(end, end + 40)}`)
  const [element] = root.children
  if (open.length !== 1 || root.children.length !== 1 || element === undefined) throw new Error('not one whole element')
  return element
}

function parseAttributes(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([\w:]+)="([^"]*)"/g)]
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, decode(value)]))
}

function decode(text: string): string {
  if (/&(?!#?\w+;)/.test(text)) throw new Error(`a bare & in ${text}`)
  return text.replace(/&(#?)(\w+);/g, (whole, number: string, name: string) => {
    const character = number === '' ? entities[name] : String.fromCodePoint(Number(name))
    if (character === undefined) throw new Error(`unknown entity ${whole}`)
    return character
  })
}
