import type { PrecedingCandidate } from './schema.ts'
import type { Reason } from './types.ts'

type NewPods = NonNullable<PrecedingCandidate['new_pods']>
const leastShown = 0.2

const reasonTexts: Readonly<Record<string, (object: string) => string>> = {
  workload: (object) => `is ${object}`,
  policy: (object) => `selects ${object}`,
  service: (object) => `selects ${object}`,
  route: (object) => `routes to ${object}`,
  scaler: (object) => `scales ${object}`,
  config: (object) => `mounted by ${object}`,
  node: (object) => `runs ${object}`,
  machine: (object) => `hosts ${object}`,
  pool: (object) => `contains a machine of ${object}`,
  attached: (object) => `attached to a machine of ${object}`,
  balancer: (object) => `forwards to ${object}`,
  image: (object) => `same image as ${object}`,
  namespace: (object) => `same namespace as ${object}`,
  rules: () => 'network rules of the cloud',
  actor: (object) => `same actor, ${object}`,
}

/** The relation of a change to a workload, for readers: `selects shop/api, a peer of shop/web`. */
export function reasonText({ is, object, via }: Reason): string {
  // A newer server may have further ones.
  const text = reasonTexts[is]?.(object) ?? `${is} ${object}`
  return via === undefined ? text : `${text}, a peer of ${via}`
}

/** `new pods: success_percent 54 beside 100`; nothing if they hardly differ. */
export function newPodsText({ metric, old, new: fresh, strength }: NewPods): string {
  if (strength < leastShown) return ''
  const value = (number: number) => String(Number(number.toPrecision(3)))
  return fresh === null
    ? `new pods: no ${metric}, beside ${value(old)}`
    : `new pods: ${metric} ${value(fresh)} beside ${value(old)}`
}

/** The time between a change and a change of traffic, without its direction: `40 s`, `3 min`. */
export function distanceText(seconds: number): string {
  const length = Math.abs(seconds)
  return length < 120 ? `${Math.round(length)} s` : `${Math.round(length / 60)} min`
}
