import { keysOf, type PatchStep } from '../../../model/kubernetes.ts'
import { isRecord } from '../../../model/json.ts'
import type { KubeObject } from '../client/types.ts'

type Rule = Readonly<{
  meaning: string
  kinds?: readonly string[]
  paths?: readonly string[]
  /** The fields stay in the object; changes to only these fields are hidden. */
  kept?: true
}>

/** Kinds are `kind.group`, without a dot in the core group. */
export const noiseRules = {
  'resource-version': { meaning: 'the version counter of every write', paths: ['/metadata/resourceVersion'] },
  'managed-fields': { meaning: 'the writers of the fields', paths: ['/metadata/managedFields'] },
  generation: {
    meaning: 'the counter of changes to the spec',
    paths: ['/metadata/generation', '/status/observedGeneration', '/status/conditions/*/observedGeneration'],
  },
  heartbeats: {
    meaning: 'times at which a condition was checked',
    paths: [
      '/status/conditions/*/lastHeartbeatTime',
      '/status/conditions/*/lastProbeTime',
      '/status/conditions/*/lastUpdateTime',
    ],
  },
  leader: {
    meaning: 'the leader, in an annotation',
    paths: ['/metadata/annotations/control-plane.alpha.kubernetes.io~1leader'],
  },
  leases: { meaning: 'leases, which every node renews every ten seconds', kinds: ['Lease.coordination.k8s.io'] },
  events: { meaning: 'events: they have a separate stream', kinds: ['Event', 'Event.events.k8s.io'] },
  endpoints: { meaning: 'endpoints, which endpoint slices replace', kinds: ['Endpoints'] },
  metrics: { meaning: 'measurements', kinds: ['NodeMetrics.metrics.k8s.io', 'PodMetrics.metrics.k8s.io'] },
  'node-images': { meaning: 'images on a node', paths: ['/status/images'] },
  status: { meaning: 'the complete status of an object', paths: ['/status'], kept: true },
} as const satisfies Readonly<Record<string, Rule>>

export type NoiseRule = keyof typeof noiseRules

export const usualNoise: readonly NoiseRule[] = [
  'resource-version',
  'managed-fields',
  'generation',
  'heartbeats',
  'leader',
  'leases',
  'events',
  'endpoints',
  'metrics',
  'node-images',
]

const usuallyMarked: readonly NoiseRule[] = ['status']

export function kindOf({ apiVersion = '', kind = '' }: KubeObject): string {
  const slash = apiVersion.indexOf('/')
  return slash === -1 ? kind : `${kind}.${apiVersion.slice(0, slash)}`
}

type Stripping = Readonly<{
  rule: NoiseRule
  path: readonly string[]
}>

export class Noise {
  readonly #kinds = new Map<string, NoiseRule>()
  readonly #strippings: readonly Stripping[]

  readonly #kept: ReadonlySet<NoiseRule>

  /** `keep`: rules that leave their fields in objects. */
  constructor(rules: readonly NoiseRule[] = usualNoise, keep: readonly NoiseRule[] = []) {
    this.#kept = new Set([...rules.filter((rule) => (noiseRules[rule] as Rule).kept === true), ...keep])
    for (const rule of rules) for (const kind of (noiseRules[rule] as Rule).kinds ?? []) this.#kinds.set(kind, rule)
    this.#strippings = rules.flatMap((rule) =>
      ((noiseRules[rule] as Rule).paths ?? []).map((path) => ({ rule, path: keysOf(path) })),
    )
  }

  ofKind(kind: string): NoiseRule | undefined {
    return this.#kinds.get(kind)
  }

  get cuts(): (readonly string[])[] {
    return this.#strippings.filter(({ rule }) => !this.#kept.has(rule)).map(({ path }) => path)
  }

  hides(patch: readonly PatchStep[]): NoiseRule[] {
    const kept = this.#strippings.filter(({ rule }) => this.#kept.has(rule))
    if (kept.length === 0 || patch.length === 0) return []
    const rules = placesOf(patch).map((position) => kept.find(({ path }) => covers(path, position))?.rule)
    return rules.includes(undefined) ? [] : [...new Set(rules as NoiseRule[])]
  }

  counted(patch: readonly PatchStep[]): readonly PatchStep[] {
    const kept = this.#strippings.filter(({ rule }) => this.#kept.has(rule))
    return kept.length === 0
      ? patch
      : patch.filter((step) => placesOf([step]).some((position) => !kept.some(({ path }) => covers(path, position))))
  }

  stripped(object: KubeObject): KubeObject {
    return this.#strippings.reduce<KubeObject>((safe, { path }) => without(safe, path) as KubeObject, object)
  }

  marks(
    before: KubeObject,
    after: KubeObject,
    patch: readonly PatchStep[],
    textOf: (object: unknown) => string,
  ): NoiseRule[] {
    const kind = this.ofKind(kindOf(after))
    if (kind !== undefined) return [kind]
    const places = placesOf(patch)
    // Only patches covered by several rules need a comparison of both states.
    const rules = places.map((position) =>
      this.#strippings.filter(({ path }) => covers(path, position)).map(({ rule }) => rule),
    )
    if (rules.every((covering) => covering.length > 0)) return [...new Set(rules.flat())]
    const apart = (position: readonly string[]) =>
      this.#strippings.every(
        ({ path }) => !path.every((key, at) => at >= position.length || key === '*' || position[at] === key),
      )
    if (places.some(apart)) return []
    return this.#strippings.length > 0 && textOf(this.stripped(before)) === textOf(this.stripped(after))
      ? this.hiding(before, after, textOf)
      : []
  }

  /** The rules that each remove a difference between two states that become equal under all rules. */
  hiding(before: KubeObject, after: KubeObject, textOf: (object: unknown) => string): NoiseRule[] {
    const rules = new Set<NoiseRule>()
    for (const { rule, path } of this.#strippings)
      if (textOf(partsAt(before, path)) !== textOf(partsAt(after, path))) rules.add(rule)
    return [...rules]
  }
}

function placesOf(patch: readonly PatchStep[]) {
  return patch.flatMap((step) => (step.op === 'move' ? [step.from, step.path] : [step.path])).map(keysOf)
}

function covers(path: readonly string[], position: readonly string[]) {
  return path.every((key, at) => key === '*' || position[at] === key)
}

function without(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return value
  if (Array.isArray(value)) {
    if (key !== '*') return value
    const mapped = value.map((entry) => without(entry, rest))
    return mapped.every((entry, index) => entry === value[index]) ? value : mapped
  }
  if (!isRecord(value) || !Object.hasOwn(value, key)) return value
  if (rest.length === 0) {
    const { [key]: _gone, ...others } = value
    return others
  }
  const part = without(value[key], rest)
  return part === value[key] ? value : { ...value, [key]: part }
}

function partsAt(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return value
  if (Array.isArray(value)) return key === '*' ? value.map((entry) => partsAt(entry, rest) ?? null) : null
  return isRecord(value) && Object.hasOwn(value, key) ? partsAt(value[key], rest) : null
}

export function noiseOf({
  show,
  hide,
  keep,
}: Record<'show' | 'hide' | 'keep', readonly NoiseRule[]>): Readonly<{ hidden: Noise; marked: Noise }> {
  const rules = [...new Set([...usualNoise.filter((rule) => !show.includes(rule)), ...hide])]
  return {
    hidden: new Noise(rules, keep),
    marked: new Noise([...new Set([...usuallyMarked, ...show])].filter((rule) => !rules.includes(rule))),
  }
}
