/** JSON as YAML 1.2 block style like kubectl: keys in order, multi-line strings as blocks. */
export function yamlOf(value: unknown): string {
  const lines = isEmpty(value) || typeof value !== 'object' ? [scalar(value, '')] : block(value as object, '')
  return `${lines.join('\n')}\n`
}

function block(value: object, indent: string): string[] {
  if (Array.isArray(value)) {
    return (value as unknown[]).flatMap((item) => {
      if (isEmpty(item) || typeof item !== 'object') return [`${indent}- ${scalar(item, `${indent}  `)}`]
      const [first = '', ...rest] = block(item as object, `${indent}  `)
      return [`${indent}- ${first.slice(indent.length + 2)}`, ...rest]
    })
  }
  return Object.entries(value).flatMap(([name, item]) => {
    const key = `${indent}${plain(name)}:`
    if (isEmpty(item) || typeof item !== 'object') return [`${key} ${scalar(item, `${indent}  `)}`]
    return [key, ...block(item as object, Array.isArray(item) ? indent : `${indent}  `)]
  })
}

function isEmpty(value: unknown) {
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0)
}

function scalar(value: unknown, indent: string) {
  if (typeof value === 'string') return textOf(value, indent)
  if (Array.isArray(value)) return '[]'
  return typeof value === 'object' && value !== null ? '{}' : String(value)
}

function textOf(text: string, indent: string): string {
  const inLines =
    /^(?!\s)(?:\n|[^\p{Cc}\u2028\u2029\ufeff])*$/u.test(text) && text.includes('\n') && !/\n\n$| $| \n/.test(text)
  if (!inLines) return plain(text)
  const ended = text.endsWith('\n')
  return [
    ended ? '|' : '|-',
    ...(ended ? text.slice(0, -1) : text).split('\n').map((line) => (line === '' ? '' : indent + line)),
  ].join('\n')
}

function plain(text: string): string {
  const bare =
    /^[A-Za-z_/.][\w./@%+-]*(?:[ :=][\w./@%+-]+)*$/.test(text) &&
    !/^(?:true|false|null|yes|no|on|off|y|n|\.inf|\.nan)$/i.test(text) &&
    !/^\.?[\d.]+(?:e[\d+-]*)?$/i.test(text) &&
    !text.includes(': ') &&
    !text.startsWith('...')
  return bare ? text : JSON.stringify(text)
}
