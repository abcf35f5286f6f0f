import { isRecord } from '../../model/json.ts'
import { withoutUrlSecrets } from '../../model/url-text.ts'
import { carriedSettings, Secret } from '../../schema/index.ts'
import { valueAt } from '../../schema/descend.ts'
import { withoutSecrets } from '../../schema/without-secrets.ts'
import { weirSchema, type WeirConfig } from '../config.ts'
import type { Loaded } from '../load-config.ts'
import type { Effect, SettingChange } from './report.ts'

type Path = readonly string[]

type Leaf = Readonly<{ path: Path; value: unknown; text: string }>

type Judged = Readonly<{ effect: Effect; reason: string }>

/** What the rehearsal of the rows showed. */
export type Shown = Readonly<{
  /** Sinks with messages that differ. */
  sinks: ReadonlySet<string>
  /** Rules that could not be evaluated, with the reason. */
  alerts: ReadonlyMap<string, string>
}>

/** Settings with different values: defaults count, notation and order do not. Values have no secrets. */
export function settingChanges(running: Loaded, candidate: Loaded, shown: Shown): readonly SettingChange[] {
  const [leavesBefore, leavesAfter] = [leavesOf(running), leavesOf(candidate)]
  const components = wholeComponents(running.config, candidate.config)
  const changes: SettingChange[] = components.map(({ path, is, type }) => ({
    setting: path.join('.'),
    running: is === 'removed' ? type : null,
    candidate: is === 'added' ? type : null,
    ...judgeComponent(path, is, shown),
  }))
  const whole = new Set(components.map(({ path }) => path.join('\0')))
  const paths = new Map([...leavesBefore, ...leavesAfter].map(([name, { path }]) => [name, path]))
  for (const [name, path] of paths) {
    if (whole.has(path.slice(0, 2).join('\0'))) continue
    const [old, next] = [leavesBefore.get(name), leavesAfter.get(name)]
    if (old?.text === next?.text) continue
    const [before, after] = [
      old === undefined ? null : display(running, old),
      next === undefined ? null : display(candidate, next),
    ]
    const rest = before === after && before !== hidden ? ', and a hidden rest' : ''
    changes.push({
      setting: path.join('.'),
      running: before === null ? null : before + rest,
      candidate: after === null ? null : after + rest,
      ...judge(path, shown),
    })
  }
  return changes
}

const parts = ['sources', 'transforms', 'sinks', 'alerts'] as const
type ComponentChange = Readonly<{ path: Path; is: 'removed' | 'added'; type: string }>

function wholeComponents(running: WeirConfig, candidate: WeirConfig): readonly ComponentChange[] {
  return parts.flatMap((part) => {
    const [before, after] = [running[part], candidate[part]] as readonly Readonly<Record<string, { type?: string }>>[]
    const only = (is: ComponentChange['is'], a = before, b = after): ComponentChange[] =>
      Object.entries(a ?? {}).flatMap(([id, entry]) =>
        Object.hasOwn(b ?? {}, id) ? [] : [{ path: [part, id], is, type: entry.type ?? 'rule' }],
      )
    return [...only('removed'), ...only('added', after, before)]
  })
}

function leavesOf({ config }: Loaded): ReadonlyMap<string, Leaf> {
  const leaves = new Map<string, Leaf>()
  const add = (value: unknown, path: Path) => {
    if (isPlain(value)) for (const [name, member] of Object.entries(value)) add(member, [...path, name])
    else leaves.set(path.join('\0'), { path, value, text: comparable(value) })
  }
  for (const [part, value] of Object.entries(config)) {
    if (part !== 'sources' && part !== 'sinks' && part !== 'transforms') add(value, [part])
    else
      for (const [id, entry] of Object.entries(value as WeirConfig['sinks'])) {
        add(entry.type, [part, id, 'type'])
        add({ ...(entry.settings as object), ...entry.common }, [part, id])
      }
  }
  return leaves
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return isRecord(value) && !(value instanceof Secret) && Object.keys(value).length > 0
}

/** Secrets are compared, and never shown. */
function comparable(value: unknown): string {
  return JSON.stringify(carriedSettings(value, referenceOf)) ?? ''
}

function referenceOf(secret: Secret): string {
  return secret.source === 'literal' ? secret.reveal({}, () => '') : secret.toString()
}

const hidden = 'a secret'

function display({ document }: Loaded, { path, value }: Leaf): string {
  // Values of headers may be credentials.
  if (hasSecret(value) || path.includes('headers')) return hidden
  const written = valueAt(withoutSecrets(weirSchema, document.value), path)
  if (written !== undefined && !isRecord(written)) return textOf(written)
  return textOf(value)
}

function hasSecret(value: unknown): boolean {
  return (
    value instanceof Secret ||
    (Array.isArray(value) && value.some(hasSecret)) ||
    (isRecord(value) && Object.values(value).some(hasSecret))
  )
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return 'unset'
  return typeof value === 'string' ? withoutUrlSecrets(value) : withoutUrlSecrets(JSON.stringify(value))
}

const rows = (reason: string): Judged => ({ effect: 'rows', reason })
const unseen = (reason: string): Judged => ({ effect: 'unseen', reason })

function judgeComponent([part = '', id = '']: Path, is: ComponentChange['is'], { alerts }: Shown): Judged {
  if (part === 'sources')
    return is === 'removed'
      ? rows('its rows are left out of the candidate')
      : unseen('the journal has no rows of a new source')
  if (part !== 'alerts') return rows('')
  const problem = alerts.get(id)
  return problem === undefined ? rows('') : unseen(problem)
}

const delivery = new Set(['delivery', 'retain', 'when_behind'])
const harmless = new Set(['tests', 'console', 'dashboards', 'log'])

function judge([part = '', id = '', name = '']: Path, { sinks, alerts }: Shown): Judged {
  if (harmless.has(part)) return { effect: 'none', reason: 'rows do not depend on it' }
  if (part === 'sources') return unseen('the journal has the rows as the running source accepted them')
  if (part === 'sinks' || part === 'transforms') {
    if (delivery.has(name)) return unseen('it decides when rows are sent, and what happens to a backlog')
    if (part === 'transforms' || name === 'from' || name === 'only' || sinks.has(id)) return rows('')
    return unseen('no message of the range shows it: compare it by hand')
  }
  if (part === 'alerts') {
    const problem = alerts.get(id)
    return problem === undefined ? rows('') : unseen(problem)
  }
  if (part === 'store') return judgeStore(id)
  return unseen('rows of the journal cannot show it')
}

function judgeStore(name: string): Judged {
  if (name === 'from' || name === 'enabled') return rows('')
  return unseen('it applies to stored rows, not to those of the journal')
}
