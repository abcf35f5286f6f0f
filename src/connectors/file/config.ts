import { Complaint } from '../../schema/complaint.ts'
import {
  bytes,
  choice,
  defineSchema,
  duration,
  filePath,
  flag,
  flowCluster,
  flowLineCodec,
  integer,
  type ConfigOf,
  timeoutField,
} from '../../schema/index.ts'
import { inputPath } from './map-lines.ts'

export const fileSchema = defineSchema({
  type: 'file',
  role: 'sink',
  summary: 'Appends events and flows to a file, one a line',
  fields: {
    path: filePath(
      {
        description: 'Path of the file; missing folders are created',
        required: true,
        example: '/var/lib/weir/out/events.ndjson',
      },
      { isOutput: true },
    ),
    ...flowLineCodec,
    rotate_at: bytes({
      description: 'Size at which the file is rotated to the next number; 0: never',
      default: '128MiB',
    }),
    keep: integer(
      {
        description: 'Maximum rotated files to retain; the oldest is deleted first; 0: all',
        unit: 'files',
        default: 0,
      },
      { min: 0, max: 100_000 },
    ),
    timeout: timeoutField('Timeout of writing one batch', '30s'),
  },
})

export const stdoutSchema = defineSchema({
  type: 'stdout',
  role: 'sink',
  summary: 'Prints events and flows to standard output, one a line',
  fields: {
    ...flowLineCodec,
    timeout: timeoutField('Timeout of writing one batch to the reader'),
  },
})

export const fileSourceSchema = defineSchema({
  type: 'file',
  role: 'source',
  summary: 'Reads flows from a file or from standard input, one a line',
  fields: {
    path: filePath({
      description: 'Path of the file; `-`: standard input',
      required: true,
      example: '/var/lib/weir/in/flows.ndjson',
    }),
    codec: choice(['netobserv-json'], {
      description: 'Encoding of a line: `netobserv-json` is a record of NetObserv as a JSON object',
      default: 'netobserv-json',
    }),
    follow: flag({
      description: 'Wait for further lines at the end, also in a file that replaces this one. Else the source is idle',
      default: false,
    }),
    repeat: duration({
      description: 'Read the file again so long after its end, for demonstrations and load tests; 0: once',
      default: '0s',
    }),
    max_line: bytes(
      { description: 'Maximum length of a line; longer ones are skipped and counted', default: '1MiB' },
      { min: '1KiB', max: '16MiB' },
    ),
    cluster: flowCluster,
    skew_limit: duration({
      description: 'Difference between end and receive time of a flow above which it is marked',
      default: '1h',
    }),
  },
  check({ path, follow, repeat }) {
    if (repeat > 0 && (follow || path === inputPath))
      return new Complaint(
        follow ? 'a file that is followed cannot be repeated' : 'standard input cannot be repeated',
        'remove `repeat`',
        ['repeat'],
      )
    return null
  },
})

export type FileSourceConfig = ConfigOf<typeof fileSourceSchema>
export type StdoutConfig = ConfigOf<typeof stdoutSchema>
