/** Rules that users wrote over the API: the same settings as in the configuration. */
import { fieldsOf } from '../model/json.ts'
import { formatPath } from '../schema/problem.ts'
import { validate, applyOverrides, parseYaml } from '../schema/index.ts'
import { compileRule, isProblem } from './compile.ts'
import type { AlertRule } from './rule.ts'
import { ruleSchema, type WrittenRule } from './settings.ts'

export type Settings = Readonly<Record<string, unknown>>
export type ReadRule = Readonly<{ written: WrittenRule; rule: AlertRule }>

/** A fault of a setting, for users. */
export type SettingFault = Readonly<{ path: string; message: string; hint?: string | undefined }>

export function readRule(name: string, settings: Settings): ReadRule | readonly SettingFault[] {
  const document = applyOverrides(parseYaml('', name), [{ path: [], value: settings, origin: name }])
  const { value, problems } = validate(ruleSchema, document)
  if (problems !== undefined) return problems.map(({ path, message, hint }) => ({ path, message, hint }))
  const rule = compileRule(name, value)
  if (isProblem(rule)) return [{ path: formatPath(rule.path), message: rule.message, hint: rule.hint }]
  return { written: value, rule }
}

export function isRule(read: ReadRule | readonly SettingFault[]): read is ReadRule {
  return 'rule' in read
}

/** As a user would write them; defaults that are not a value are left out. */
export function settingsOf(written: WrittenRule): Settings {
  return Object.fromEntries(
    Object.entries(fieldsOf(written)).flatMap(([name, value]) =>
      value === null ? [] : [[name, durations.has(name) ? durationText(Number(value)) : value]],
    ),
  )
}

const durations: ReadonlySet<string> = new Set(['window', 'every', 'for', 'resend'] satisfies (keyof WrittenRule)[])

function durationText(ms: number): string {
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const)
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`
  return ms === 0 ? '0s' : `${ms}ms`
}
