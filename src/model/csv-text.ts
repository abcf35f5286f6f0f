/** A CSV cell (RFC 4180), quoted if needed. The empty string is `""`; an absent value is an empty cell. */
export function csvText(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
