/** Silenced alerts are not sent. Pure: time is an argument. */
import { keyOf, type Instance, type Instances, type Step, type Transition } from './states.ts'

/** Times in Unix ms. */
export type Silence = Readonly<{
  id: string
  rule: string
  /** An alert needs all of them; empty: every alert of the rule. */
  labels: Readonly<Record<string, string>>
  from: number
  until: number
  reason: string
  /** Name of the user. */
  by: string
}>

export function silenceOf(
  silences: readonly Silence[],
  rule: string,
  labels: Readonly<Record<string, string>>,
  at: number,
): Silence | undefined {
  return silences
    .filter((silence) => silence.rule === rule && silence.from <= at && at < silence.until)
    .filter((silence) => Object.entries(silence.labels).every(([name, value]) => labels[name] === value))
    .toSorted((a, b) => b.until - a.until)[0]
}

/**
 * Withholds silenced transitions. An alert that still fires at the end of its silence is sent at that time. The
 * resolution of an alert that was sent is sent in any case: a receiver would show it as open.
 */
export function withSilences(
  { instances, transitions }: Step,
  silenceFor: (labels: Instance['labels']) => Silence | undefined,
  at: number,
): Step {
  const next = new Map<string, Instance>(instances)
  const sent: Transition[] = []
  const begun = new Set<string>()
  for (const transition of transitions) {
    const { to, instance, repeated } = transition
    const silence = silenceFor(instance.labels)
    if (to === 'resolved') sent.push(instance.unsent === true ? { ...transition, withheld: { silence } } : transition)
    else if (repeated === true) {
      if (silence === undefined && instance.unsent !== true) sent.push(transition)
    } else {
      const key = keyOf(instance.labels)
      begun.add(key)
      if (silence === undefined) sent.push(transition)
      else {
        const unsent: Instance = { ...instance, unsent: true }
        next.set(key, unsent)
        sent.push({ ...transition, instance: unsent, withheld: { silence } })
      }
    }
  }
  return { instances: next, transitions: [...sent, ...released(next, begun, silenceFor, at)] }
}

/** After the end of a silence. */
function* released(
  instances: Map<string, Instance>,
  begun: ReadonlySet<string>,
  silenceFor: (labels: Instance['labels']) => Silence | undefined,
  at: number,
): Generator<Transition, void, undefined> {
  for (const [key, { unsent, ...instance }] of instances as Instances) {
    if (unsent !== true || begun.has(key) || silenceFor(instance.labels) !== undefined) continue
    const released: Instance = { ...instance, sent: at }
    instances.set(key, released)
    yield { to: 'firing', at, instance: released }
  }
}
