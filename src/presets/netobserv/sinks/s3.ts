import { PresetProblem } from '../../given.ts'
import { durationText, reads, type Assembly, type Branch } from '../branch.ts'
import type { Encode } from '../flp-file.ts'

export function s3Sink(
  name: string,
  branch: Branch,
  settings: NonNullable<Encode['s3']>,
  path: string,
  assembly: Assembly,
): void {
  const { account = '', endpoint = '', bucket = '', accessKeyId = '', secretAccessKey = '', secure = false } = settings
  if (endpoint === '' || bucket === '') throw new PresetProblem(`${path}: endpoint and bucket are required`)
  const { batchSize = 0, writeTimeout, objectHeaderParameters: header = {} } = settings
  const id = assembly.id(name)
  assembly.sinks[id] = {
    type: 's3',
    bucket,
    endpoint: `${secure ? 'https' : 'http'}://${endpoint}`,
    // Servers beside Amazon ignore it.
    region: /(?:^|\.)s3[.-]([a-z]{2}-[a-z-]+-\d)\.amazonaws\.com/.exec(endpoint)?.[1] ?? 'us-east-1',
    ...(account === '' ? {} : { prefix: account }),
    format: 'netobserv',
    tcp_flags: branch.flagNames ? 'names' : 'number',
    ...(Object.keys(header).length === 0 ? {} : { header: textsOf(header, path, assembly) }),
    ...(accessKeyId === ''
      ? {}
      : {
          auth: {
            type: 'keys',
            access_key_id: accessKeyId,
            secret_access_key: assembly.secret(`${id}-secret-key`, secretAccessKey),
          },
        }),
    ...(batchSize === 0 ? {} : { object_rows: batchSize }),
    delivery: {
      events: batchSize === 0 ? defaultRows : batchSize,
      wait: durationText(writeTimeout === undefined || writeTimeout === 0 ? defaultWaitMs : writeTimeout),
    },
    ...reads(branch),
  }
  if (batchSize === 0)
    assembly.report.note(`${path}.batchSize`, `not set; an object has up to ${defaultRows} flows, not 10`)
}

const defaultRows = 50_000
/** Default of flowlogs-pipeline. */
const defaultWaitMs = 60_000

function textsOf(
  header: Readonly<Record<string, unknown>>,
  path: string,
  { report }: Assembly,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(header).map(([key, value]) => {
      if (typeof value !== 'string') report.note(`${path}.objectHeaderParameters.${key}`, 'is written as a text')
      return [key, typeof value === 'string' ? value : JSON.stringify(value)]
    }),
  )
}
