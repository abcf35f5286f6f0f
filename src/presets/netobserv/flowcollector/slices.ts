import { covers, parseCidr, type Cidr } from '../../../model/cidr.ts'
import { isRecord } from '../../../model/json.ts'
import type { Assembly } from '../branch.ts'
import type { Placed } from '../filter-stage.ts'
import type { Processor } from './shape.ts'
import { integer, list, object, text } from '../shape.ts'

const specReader = object({ sampling: integer, subnetLabels: list(object({ name: text, cidrs: list(text) })) })

type Slice = Readonly<{
  at: string
  namespace: string
  sampling: number
  labels: readonly Readonly<{ name?: string | undefined; cidrs?: readonly string[] | undefined }>[]
}>

const group = 'flows.netobserv.io/'

export function isSlice(resource: unknown): boolean {
  return isRecord(resource) && resource['kind'] === 'FlowCollectorSlice'
}

export function usesSlices(resource: unknown): boolean {
  const spec = isRecord(resource) && isRecord(resource['spec']) ? resource['spec'] : {}
  const processor = isRecord(spec['processor']) ? spec['processor'] : {}
  const slices = processor['slicesConfig']
  return isRecord(slices) && slices['enable'] === true
}

export function readSlices(resources: readonly unknown[], { report }: Assembly): readonly Slice[] {
  return resources.flatMap((resource) => {
    const { apiVersion, metadata, spec: given } = isRecord(resource) ? resource : {}
    const { namespace, name } = isRecord(metadata) ? metadata : {}
    const at = `FlowCollectorSlice ${String(namespace)}/${String(name)}`
    // Items of a list have no version.
    const isKnown = apiVersion === undefined || (typeof apiVersion === 'string' && apiVersion.startsWith(group))
    const isNamed = typeof namespace === 'string' && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(namespace)
    if (!isKnown || !isNamed) {
      report.note(at, isNamed ? 'is of an unknown version; ignored' : 'has no namespace; ignored')
      return []
    }
    const problems: string[] = []
    const { sampling = 0, subnetLabels = [] } = specReader(given ?? {}, '', problems) ?? {}
    for (const problem of problems) report.note(at, problem)
    return [{ at, namespace, sampling, labels: subnetLabels }]
  })
}

export function sliceFilters(
  { slicesConfig: { collectionMode = 'AlwaysCollect', namespacesAllowList = [] } = {} }: Processor,
  slices: readonly Slice[],
): Placed {
  if (collectionMode === 'AlwaysCollect') return []
  const seen = new Set<string>()
  const placed: { rule: Placed[number]['rule']; at: string }[] = []
  const keep = (test: string, at: string, sampling?: number) => {
    const keepEntryQuery = `SrcK8S_Namespace${test} or DstK8S_Namespace${test}`
    placed.push({ rule: { type: 'keep_entry_query', keepEntryQuery, keepEntrySampling: sampling }, at })
  }
  for (const [index, name] of namespacesAllowList.entries()) {
    if (seen.has(name)) continue
    seen.add(name)
    const pattern = /^\/(.*)\/$/.exec(name)?.[1]
    keep(
      pattern === undefined ? `=${JSON.stringify(name)}` : `=~\`${pattern}\``,
      `spec.processor.slicesConfig.namespacesAllowList[${index}]`,
    )
  }
  for (const { namespace, sampling, at } of slices) {
    if (seen.has(namespace)) continue
    seen.add(namespace)
    keep(`="${namespace}"`, at, sampling)
  }
  return placed
}

/** Ranges of the administrator, and of earlier slices, take precedence over ranges within them. */
export function addSliceLabels(slices: readonly Slice[], { networks, report }: Assembly): void {
  const taken = networks.flatMap(({ cidr }) => parseCidr(cidr) ?? [])
  for (const { at, labels } of slices) {
    const results: Cidr[] = []
    for (const { name = '', cidrs = [] } of labels)
      for (const text of cidrs) {
        const cidr = parseCidr(text)
        if (cidr === undefined || name === '')
          report.note(at, name === '' ? 'a label has no name; ignored' : `\`${text}\` is no range; ignored`)
        else if (taken.some((candidate) => candidate.bits <= cidr.bits && covers(candidate, cidr.words, 0)))
          report.note(at, `${text} is within a range that takes precedence; ignored`)
        else if (networks.some((network) => network.cidr === text)) continue
        else {
          networks.push({ cidr: text, label: name })
          results.push(cidr)
        }
      }
    taken.push(...results)
  }
}
