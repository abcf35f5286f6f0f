import { bytes, defineSchema, duration, filePath, flowLineCodec, integer, type ConfigOf } from '../../schema/index.ts'

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
    timeout: duration({ description: 'Timeout of writing one batch', default: '30s' }, { min: '10ms' }),
  },
})

export const stdoutSchema = defineSchema({
  type: 'stdout',
  role: 'sink',
  summary: 'Prints events and flows to standard output, one a line',
  fields: {
    ...flowLineCodec,
    timeout: duration({ description: 'Timeout of writing one batch to the reader', default: '10s' }, { min: '10ms' }),
  },
})

export type FileConfig = ConfigOf<typeof fileSchema>
export type StdoutConfig = ConfigOf<typeof stdoutSchema>
