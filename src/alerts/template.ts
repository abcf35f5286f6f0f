/** `{{value}}`, `{{labels.name}}` and a few facts of the rule. Values are inserted as they are, once. */
const placeholder = /\{\{\s*([\w.]+)\s*\}\}/g
const facts = ['rule', 'severity', 'condition', 'value', 'number'] as const

export type Facts = Readonly<Record<(typeof facts)[number], string>> &
  Readonly<{ labels: Readonly<Record<string, string>> }>

export function fill(pattern: string, given: Facts): string {
  return pattern.replaceAll(placeholder, (_, name: string) =>
    name.startsWith('labels.')
      ? (given.labels[name.slice('labels.'.length)] ?? '')
      : (given[name as (typeof facts)[number]] ?? ''),
  )
}

/** The reason why a template is invalid. `labels`: the known ones; undefined: any. */
export function templateProblem(
  pattern: string,
  labels: readonly string[] | undefined,
  usable: readonly string[] = facts,
): string | undefined {
  for (const [, name = ''] of pattern.matchAll(placeholder)) {
    const label = name.startsWith('labels.') ? name.slice('labels.'.length) : undefined
    if (label !== undefined ? labels?.includes(label) === false : !usable.includes(name))
      return `\`{{${name}}}\` is not available; use ${[
        ...usable.map((text) => `{{${text}}}`),
        ...(labels ?? ['NAME']).map((label) => `{{labels.${label}}}`),
      ].join(', ')}`
  }
  return pattern.replaceAll(placeholder, '').includes('{{')
    ? 'a placeholder is `{{value}}` or `{{labels.name}}`'
    : undefined
}

/** `12.4 MB/s`; three digits. */
export function valueText(
  value: number | null,
  { unit, perSecond }: Readonly<{ unit: string; perSecond: boolean }>,
): string {
  if (value === null) return 'no data'
  const rate = perSecond ? '/s' : ''
  const time: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 }
  if (Object.hasOwn(time, unit) && !perSecond) return timeText(value * time[unit]!)
  const isScaled = unit === 'By' || unit === ''
  const suffix = unit === 'By' ? 'B' : isScaled || unit.startsWith('{') ? '' : unit
  for (const [prefix, size] of [
    ['T', 1e12],
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const)
    if (Math.abs(value) >= size) return `${digits(value / size)} ${prefix}${suffix}${rate}`.trimEnd()
  return `${digits(value)}${suffix === '' && rate === '' ? '' : ` ${suffix}${rate}`.replace(' /s', '/s')}`
}

function timeText(ns: number): string {
  for (const [name, size] of [
    ['s', 1e9],
    ['ms', 1e6],
    ['µs', 1e3],
  ] as const)
    if (Math.abs(ns) >= size) return `${digits(ns / size)} ${name}`
  return `${digits(ns)} ns`
}

function digits(value: number): string {
  return String(Number(value.toPrecision(3)))
}
