/** RFC 4180. The empty string is `""`; an absent value is an empty cell. */
export function csvText(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
