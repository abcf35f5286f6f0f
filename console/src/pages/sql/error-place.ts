export type SqlError = Readonly<{
  message: string
  /** From 1; undefined: not reported. */
  line: number | undefined
  column: number | undefined
  /** Offset in UTF-16 units. */
  offset: number | undefined
}>

/** Parses `LINE 2: …` and the caret below, which may show part of the line only. */
export function readSqlError(detail: string, sql: string): SqlError {
  const match = /\n*LINE (\d+): (.*)\n( *)\^\s*$/.exec(detail)
  if (match === null) return { message: detail.trim(), line: undefined, column: undefined, offset: undefined }
  const [drawing = '', number = '', shown = '', blanks = ''] = match
  const message = detail.slice(0, detail.length - drawing.length).trim()
  const line = Number(number)
  const lines = sql.split('\n')
  const text = lines[line - 1]
  if (text === undefined) return { message, line, column: undefined, offset: undefined }
  const cut = shown.startsWith('...') ? 3 : 0
  const part = shown.slice(cut).replace(/\.\.\.$/, '')
  const from = cut === 0 ? 0 : text.indexOf(part)
  const at = blanks.length - `LINE ${number}: `.length - cut + Math.max(0, from)
  const column = Math.max(0, Math.min(text.length, at))
  const before = lines.slice(0, line - 1).reduce((sum, line) => sum + line.length + 1, 0)
  return { message, line, column: column + 1, offset: before + column }
}

export function wordAt(sql: string, offset: number): Readonly<{ from: number; to: number }> {
  const length = /^[\w.]+/.exec(sql.slice(offset))?.[0].length ?? 1
  return offset >= sql.length
    ? { from: Math.max(0, sql.length - 1), to: sql.length }
    : { from: offset, to: offset + length }
}
