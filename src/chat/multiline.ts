/** A partly typed prompt of several lines. */
export type Draft =
  /** Nothing yet. */
  | {state: 'empty'}
  /** The last line ended with a backslash. */
  | {state: 'continued'; lines: readonly string[]}
  /** Between two `"""`. */
  | {state: 'block'; lines: readonly string[]}

/** The complete entry. */
export type Entry = {kind: 'prompt'; text: string} | {kind: 'command'; name: string; argument: string}

export const emptyDraft: Draft = {state: 'empty'}
const fence = '"""'

/** The draft after another line; has an entry if the line completes it. Pasted lines may contain newlines. */
export function takeLine(draft: Draft, line: string): {draft: Draft; entry?: Entry} {
  switch (draft.state) {
    case 'empty':
      return takeFirst(line)
    case 'continued':
      return takeMore(draft.lines, line)
    case 'block':
      return takeBlock(draft.lines, line)
  }
}

/** The line that has to be entered for this prompt: it may start like a command, or end with a backslash. */
export function typedForm(prompt: string): string {
  const forms = [prompt, `/${prompt}`, `${fence}\n${prompt}\n${fence}`]
  const isRead = (line: string): boolean => {
    const {entry} = takeLine(emptyDraft, line)
    return entry?.kind === 'prompt' && entry.text === prompt
  }
  return forms.find(isRead) ?? prompt
}

function takeFirst(line: string): ReturnType<typeof takeLine> {
  if (line.trim() === '') return {draft: emptyDraft}
  if (line.trimStart().startsWith(fence)) return takeBlock([], line.trimStart().slice(fence.length))
  const [, name, argument = ''] = /^\/([a-z?]+)(?:[ \t]+(.*))?$/i.exec(line.trimEnd()) ?? []
  if (name !== undefined) return complete({kind: 'command', name: name.toLowerCase(), argument: argument.trim()})
  if (line.trimEnd() === '/') return complete({kind: 'command', name: '', argument: ''})
  // Two slashes stand for a prompt that starts with one.
  return takeMore([], line.startsWith('//') ? line.slice(1) : line)
}

function takeMore(lines: readonly string[], line: string): ReturnType<typeof takeLine> {
  const backslashes = /\\*$/.exec(line)?.[0].length ?? 0
  // Two of them are text, as at the end of a line of LaTeX.
  if (backslashes % 2 === 1) return {draft: {state: 'continued', lines: [...lines, line.slice(0, -1)]}}
  // A paste mostly ends with the newline of its last line.
  const text = [...lines, line].join('\n').replace(/\n+$/, '')
  return text.trim() === '' ? {draft: emptyDraft} : complete({kind: 'prompt', text})
}

function takeBlock(lines: readonly string[], line: string): ReturnType<typeof takeLine> {
  const body = line.trimEnd()
  if (!body.endsWith(fence)) return {draft: {state: 'block', lines: [...lines, ...line.split('\n')]}}
  const all = [...lines, ...body.slice(0, -fence.length).split('\n')]
  // The line breaks next to the fences are not part of the text.
  const inner = all.slice(all[0]?.trim() === '' ? 1 : 0, all.at(-1)?.trim() === '' ? -1 : undefined)
  const text = inner.join('\n')
  return text.trim() === '' ? {draft: emptyDraft} : complete({kind: 'prompt', text})
}

function complete(entry: Entry): {draft: Draft; entry: Entry} {
  return {draft: emptyDraft, entry}
}
