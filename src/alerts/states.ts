/** The states of the alerts of one rule. Pure: time is an argument. */
import type { AlertCause } from '../model/alerts.ts'
import type { AlertRule } from './rule.ts'
import type { Silence } from './silences.ts'

/** One set of labels. Times in Unix ms. */
export type Instance = Readonly<{
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
  state: 'pending' | 'firing'
  /** Since when the condition holds. */
  active: number
  fired?: number
  /** When it was last repeated. */
  sent?: number
  value: number | null
  cause?: AlertCause
  /** It fires, and was silenced since. */
  unsent?: true
}>

export type Instances = ReadonlyMap<string, Instance>

/** `met`: the condition holds; undefined: there is no value. */
export type Sample = Readonly<{
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
  value: number | null
  met: boolean | undefined
}>

export type Outcome =
  /** `others`: the state of known alerts that are in no sample. */
  | Readonly<{ is: 'samples'; samples: readonly Sample[]; others: 'not met' | 'no value' }>
  /** No data at all. `sample` is the one that fires if the rule wants so. */
  | Readonly<{ is: 'no data'; sample: Sample }>

export type Transition = Readonly<{
  to: 'firing' | 'resolved'
  at: number
  instance: Instance
  /** It was firing before. */
  repeated?: true
  reason?: string
  /** To verify the delivery. */
  test?: true
  /** Not sent; without a silence, because the firing was not. */
  withheld?: Readonly<{ silence: Silence | undefined }>
}>

export type Step = Readonly<{
  instances: Instances
  transitions: readonly Transition[]
}>

/** Equal labels in any order have the same key. */
export function keyOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

type StepRule = Pick<AlertRule, 'for' | 'noData'> & Partial<Pick<AlertRule, 'resend'>>

export function step(rule: StepRule, before: Instances, outcome: Outcome, at: number): Step {
  const { instances, transitions } = decided(rule, before, outcome, at)
  const { resend = 0 } = rule
  const repeats = [...instances].flatMap(([key, instance]): [string, Instance][] =>
    instance.state === 'firing' && resend > 0 && at - (instance.sent ?? instance.fired ?? at) >= resend
      ? [[key, { ...instance, sent: at }]]
      : [],
  )
  if (repeats.length === 0) return { instances, transitions }
  return {
    instances: new Map([...instances, ...repeats]),
    transitions: [
      ...transitions,
      ...repeats.map(([, instance]): Transition => ({ to: 'firing', at, instance, repeated: true })),
    ],
  }
}

function decided(rule: StepRule, before: Instances, outcome: Outcome, at: number): Step {
  const { noData } = rule
  if (outcome.is === 'no data') {
    if (noData === 'ok') return resolveAll(before, at, 'no data')
    if (noData === 'keep') return { instances: before, transitions: [] }
  }
  const samples = outcome.is === 'samples' ? outcome.samples : [{ ...outcome.sample, met: true }]
  const others = outcome.is === 'samples' && outcome.others === 'not met' ? false : undefined
  const instances = new Map<string, Instance>()
  const transitions: Transition[] = []
  const absent = new Map(before)
  const decide = (key: string, sample: Sample) => {
    const earlier = before.get(key)
    const met = sample.met ?? (noData === 'keep' ? undefined : noData === 'alert')
    if (met === undefined) {
      if (earlier !== undefined) instances.set(key, earlier)
    } else if (met) {
      const next = advanced(earlier, sample, rule.for, at)
      instances.set(key, next)
      if (next.state === 'firing' && earlier?.state !== 'firing') transitions.push({ to: 'firing', at, instance: next })
    } else if (earlier?.state === 'firing') {
      transitions.push({ to: 'resolved', at, instance: { ...earlier, value: sample.value } })
    }
  }
  for (const sample of samples) {
    const key = keyOf(sample.labels)
    if (instances.has(key)) continue
    absent.delete(key)
    decide(key, sample)
  }
  for (const [key, { labels, annotations, value }] of absent)
    decide(key, { labels, annotations, value: others === false ? null : value, met: others })
  return { instances, transitions }
}

function advanced(instance: Instance | undefined, sample: Sample, forMs: number, at: number): Instance {
  const { labels, annotations, value } = sample
  const active = instance?.active ?? at
  if (instance?.state === 'firing') return { ...instance, annotations, value }
  // A clock that was set back must not stop a pending alert for good.
  const since = Math.min(active, at)
  return at - since >= forMs
    ? { labels, annotations, state: 'firing', active: since, fired: at, value }
    : { labels, annotations, state: 'pending', active: since, value }
}

export function resolveAll(before: Instances, at: number, reason: string): Step {
  return {
    instances: new Map(),
    transitions: [...before.values()]
      .filter(({ state }) => state === 'firing')
      .map((instance) => ({ to: 'resolved', at, instance, reason })),
  }
}

/** Whether a restart would lose something: values alone are not recorded. */
export function differs(before: Instances, { instances, transitions }: Step): boolean {
  return (
    transitions.length > 0 ||
    before.size !== instances.size ||
    [...instances].some(([key, { state, active }]) => {
      const earlier = before.get(key)
      return earlier?.state !== state || earlier.active !== active
    })
  )
}
