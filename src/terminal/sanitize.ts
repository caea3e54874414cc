const escape = 0x1b
const controlPictures = 0x2400
const deletePicture = '\u2421'

// C0 controls but tab and newline, DEL, and the C1 controls, which some terminals obey as they obey ESC sequences.
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

/**
 * Text that a terminal shows and does not obey: a model, a file or a server could otherwise move the cursor, rename the
 * window or write to the clipboard. Every character stands for itself, so the text may come in pieces.
 */
export function sanitize(text: string): string {
  return text.replace(control, (character) => {
    const code = character.charCodeAt(0)
    if (character === '\r') return ''
    if (code === 0x7f) return deletePicture
    // There are no pictures of C1 controls; most of them mean ESC and a letter.
    return String.fromCharCode(controlPictures + (code > 0x7f ? escape : code))
  })
}

/** The same on one line, with a sign for each line break. */
export function sanitizeLine(text: string): string {
  return sanitize(text).replaceAll('\n', ' ⏎ ')
}

/**
 * JSON that a terminal does not obey. JSON itself escapes only the C0 controls; DEL and C1 get the same escapes here, so
 * the value stays the same.
 *
 * @param indent spaces for each level; 0 gives one line
 */
export function printableJson(value: unknown, indent = 0): string {
  return escapeControls(JSON.stringify(value, null, indent))
}

/** The same for a text that is JSON already. */
export function escapeControls(json: string): string {
  return json.replace(/[\u007f-\u009f]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`)
}
