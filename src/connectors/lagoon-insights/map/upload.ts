/** The report of an SBOM that a workload posts: the message of a ConfigMap without its limit of 1 MiB. */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { readReport, ReportError, unpack, type Reserve } from '../../../codecs/sbom/index.ts'
import type { ImageReport } from '../../../model/insights.ts'
import * as names from './labels.ts'

type Place = Readonly<{ namespace: string; project: string; environment: string }>

/** Rejects with a ReportError. */
export async function reportOfUpload(
  body: Uint8Array,
  service: string,
  { namespace, project, environment }: Place,
  { maxBytes, reserve }: Readonly<{ maxBytes: number; reserve: Reserve }>,
): Promise<ImageReport> {
  const document = await unpack(body, maxBytes, reserve)
  const { format, packages } = await readReport(document, maxBytes, reserve)
  if (format === 'cyclonedx-xml') throw new ReportError('unknown-format', 'The document is XML; send JSON.')
  if (packages === undefined) throw new ReportError('unknown-format', `The document (${format}) lists no packages.`)
  // The handler reads gzip.
  const file = body[0] === 0x1f && body[1] === 0x8b ? body : await promisify(gzip)(document)
  return {
    payload: null,
    binaryPayload: { [`${service}.${format.replace('-json', '')}.json.gz`]: Buffer.from(file).toString('base64') },
    annotations: { [names.coreEnabled]: 'true' },
    labels: {
      [names.environment]: environment,
      [names.trigger]: 'sbom-gz',
      [names.project]: project,
      [names.service]: service,
    },
    namespace,
    environment,
    service,
    project,
    type: 'sbom',
  }
}
