/** The endpoint that the annotations of a report name. Pure. */
import { trackEndpoint, type ImageReport } from '../../model/insights.ts'
import type { Rejected } from './map.ts'

const prefix = 'LAGOON_FEATURE_FLAG_INSIGHTS_DEPENDENCY_TRACK'
export const keyVariable = `${prefix}_API_KEY`
const productionVariable = `${prefix}_PUSH_PROD_ONLY`
/** Booleans as strconv.ParseBool reads them. */
const booleans: Readonly<Record<string, boolean>> = Object.fromEntries([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((word) => [word, false] as const),
])

/** A text is the reason to filter the report. Only listed endpoints: no tenant may choose the target of requests. */
export function endpointOf(
  { annotations }: Pick<ImageReport, 'annotations'>,
  allowed: readonly string[],
): Readonly<{ url: string }> | string | Rejected {
  const written = annotations?.[trackEndpoint]
  if (written === undefined || written === '') return 'no_endpoint'
  const url = normal(written)
  const endpoint = allowed.find((text) => normal(text) === url)
  if (url !== undefined && endpoint !== undefined) return { url: endpoint }
  return { is: 'reject', reason: `the annotation ${trackEndpoint} names an endpoint that \`endpoints\` does not list` }
}

/** Whether only reports of production environments are uploaded; undefined: the setting applies. */
export function productionOnly(values: Readonly<Record<string, string>>): boolean | undefined {
  return booleans[values[productionVariable] ?? '']
}

function normal(written: string): string | undefined {
  const url = URL.parse(written)
  if (url === null || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    return undefined
  return url.href.replace(/\/+$/, '')
}
