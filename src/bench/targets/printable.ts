/** Text of a server, without characters that would move a terminal's cursor or break a table row. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
}
