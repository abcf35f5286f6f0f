/** The message for the handler of Lagoon's core, which fails on some reports. */
import { gunzipSync, gzipSync } from 'node:zlib'
import { reportFile, type ImageReport } from '../../../model/insights.ts'
import { fieldsOf, isRecord, type Fields } from '../../../model/json.ts'
import { assertShallow } from '../../../model/json-depth.ts'
import { writeReport } from '../map.ts'

const oldest = 1.5

/**
 * CycloneDX up to 1.4 lists tools in an array, and the handler crashes without `metadata.component` and
 * `metadata.tools.components`. Undefined: the message can be sent as it is.
 */
export function repairedReport(report: ImageReport, maxBytes: number): string | undefined {
  if (report.type !== 'sbom') return undefined
  const file = reportFile(report)
  if (file === undefined) return undefined
  const isGzip = file.bytes[0] === 0x1f && file.bytes[1] === 0x8b
  let bom: unknown
  try {
    const bytes = isGzip ? gunzipSync(file.bytes, { maxOutputLength: maxBytes }) : Buffer.from(file.bytes)
    assertShallow(bytes)
    bom = JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
  const repaired = repairedBom(bom, report.service)
  if (repaired === undefined) return undefined
  const bytes = Buffer.from(JSON.stringify(repaired))
  const content = (isGzip ? gzipSync(bytes) : bytes).toString('base64')
  return writeReport({ ...report, binaryPayload: { [file.name]: content } })
}

function repairedBom(bom: unknown, service: string): object | undefined {
  if (!isRecord(bom) || bom['bomFormat'] !== 'CycloneDX') return undefined
  const metadata = fieldsOf(bom['metadata'])
  const { tools, component } = metadata
  const components = isRecord(tools) && Array.isArray(tools['components']) ? (tools['components'] as unknown[]) : []
  if (components.length > 0 && isRecord(component)) return undefined
  const version = Number(bom['specVersion'])
  return {
    ...bom,
    ...(version >= oldest ? {} : { specVersion: '1.5' }),
    metadata: {
      ...metadata,
      tools: components.length > 0 ? tools : { components: toolsOf(tools) },
      component: isRecord(component) ? component : { type: 'container', name: service === '' ? 'unknown' : service },
    },
  }
}

function toolsOf(tools: unknown): readonly object[] {
  const listed = (Array.isArray(tools) ? (tools as unknown[]) : []).filter(isRecord).map((tool: Fields) => {
    const { vendor, name, version } = tool
    return {
      type: 'application',
      ...(typeof vendor === 'string' ? { author: vendor } : {}),
      name: typeof name === 'string' ? name : 'unknown',
      ...(typeof version === 'string' ? { version } : {}),
    }
  })
  return listed.length > 0 ? listed : [{ type: 'application', name: 'unknown' }]
}
