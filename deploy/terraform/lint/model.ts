// The facts about a stack that rules read. `from-hcl.ts` and `from-render.ts` read them.

/** A tree of values as YAML has it. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value }
export type Fields = { readonly [key: string]: Value }

export interface Place {
  readonly file: string
  /** Address within the file, for example `helm_release.loki`. */
  readonly key: string
  readonly line?: number
}

export interface Finding extends Place {
  /** `L1` to `L19`, `PIN` (versions), `UID` (references of dashboards and alert rules) or `ESCAPE` (alert rules). */
  readonly rule: string
  readonly message: string
}

export interface Release {
  readonly place: Place
  readonly name: string
  readonly chart: string
  readonly repository: string
  readonly version: string | undefined
  readonly values: Fields
  readonly setBlocks: boolean
}

export interface NodePool {
  readonly place: Place
  readonly size: string
  readonly nodes: number
  readonly autoScale: boolean
  readonly min: number | undefined
  readonly max: number | undefined
  /** Block within the cluster. */
  readonly inline: boolean
}

export interface Cluster {
  readonly place: Place
  readonly maintenance: boolean
  readonly autoUpgrade: boolean
  readonly registry: boolean
  readonly ha: boolean | undefined
  readonly version: string
}

export interface Datasource {
  readonly place: Place
  readonly fields: Fields
  /** Object that carries the file. */
  readonly carrier: 'configmap' | 'secret'
}

export interface NamedFile {
  readonly place: Place
  readonly text: string
}

export interface Stack {
  readonly releases: readonly Release[]
  readonly clusters: readonly Cluster[]
  readonly pools: readonly NodePool[]
  readonly datasources: readonly Datasource[]
  readonly dashboards: readonly NamedFile[]
  readonly alerts: readonly NamedFile[]
  /** Text of configurations of other programs. */
  readonly programs: readonly NamedFile[]
  /** Calls of templatefile() on files of dashboards or alert rules. */
  readonly templates: readonly Place[]
  /** Providers that read an attribute of a resource in the same configuration. */
  readonly boundProviders: readonly Place[]
  /** Blocks in providers that became attributes. */
  readonly providerBlocks: readonly Place[]
  readonly hasRegistry: boolean
  /** Whether the set defines all datasources that dashboards may use. */
  readonly complete: boolean
}

export type Rule = (stack: Stack) => readonly Finding[]

export function isFields(value: Value | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value at a path of keys. */
export function at(value: Value | undefined, ...path: readonly string[]): Value | undefined {
  let found = value
  for (const key of path) {
    if (!isFields(found)) return undefined
    found = found[key]
  }
  return found
}

/** Text of a value; '' if it is missing or a tree. */
export function text(value: Value | undefined): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

/** Every key of a tree with its path and value. */
export function* walk(value: Value, path: readonly string[] = []): Generator<readonly [readonly string[], Value]> {
  if (Array.isArray(value)) {
    for (const [index, item] of (value as readonly Value[]).entries()) yield* walk(item, [...path, String(index)])
  } else if (isFields(value)) {
    for (const [key, item] of Object.entries(value)) {
      yield [[...path, key], item]
      yield* walk(item, [...path, key])
    }
  }
}

export function within(position: Place, ...path: readonly string[]): Place {
  return path.length === 0 ? position : { ...position, key: `${position.key}: ${path.join('.')}` }
}
