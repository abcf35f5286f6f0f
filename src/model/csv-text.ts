/** A text as a cell of CSV (RFC 4180), in quotes where needed; an empty text is `""`, because what is absent is nothing. */
export function csvText(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
