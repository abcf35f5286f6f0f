export function saveText(text: string, name: string, type: string): void {
  saveBlob(new Blob([text], { type }), name)
}

export function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

/** RFC 4180, like the server's CSV: null is empty, an empty string is `""`. Without names: rows only. */
export function csvOf(names: readonly string[] | undefined, rows: readonly (readonly unknown[])[]): string {
  const line = (cells: readonly unknown[]) => `${cells.map(cell).join(',')}\r\n`
  return (names === undefined ? '' : line(names)) + rows.map(line).join('')
}

function cell(value: unknown) {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean)
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
