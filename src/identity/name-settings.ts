import type { End } from '../model/endpoint.ts'
import type { HolderFacts } from './workload-facts.ts'

/** Labels of one end that outputs have as members `PREFIX_LABEL`. */
export type LabelCopy = Readonly<{
  end: End
  prefix: string
  include: readonly string[]
  exclude: readonly string[]
  maxLength?: number | undefined
}>

export type NameSettings = Readonly<{
  zones: boolean
  /** Prefixes of the namespaces of layer `infra`; without any, addresses have no layer. */
  infra: readonly string[]
  labels?: readonly LabelCopy[]
}>

export const usualNames: NameSettings = { zones: true, infra: [] }

/** Network of addresses that are in no secondary one. */
export const primaryNetwork = 'primary'

/** The API server, by the names of its service. */
const apiServices = new Set(['kubernetes', 'openshift'])

/** `app` or `infra`; undefined if layers are off. Nodes have no namespace and are `infra`. */
export function layerOf({ kind, namespace, name }: HolderFacts, { infra }: NameSettings): string | undefined {
  if (infra.length === 0) return undefined
  if (namespace === undefined || infra.some((prefix) => namespace.startsWith(prefix))) return 'infra'
  return namespace === 'default' && kind === 'Service' && apiServices.has(name) ? 'infra' : 'app'
}
