import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Context, Preview, Sink } from '../../engine/contracts.ts'
import { defineSink } from '../../engine/define.ts'
import { deliverInHalves } from '../../engine/delivery/in-halves.ts'
import type { Failure } from '../../model/outcome.ts'
import { Bucket } from './client.ts'
import type { S3Config, s3Schema } from './config.ts'
import { objectForm } from './map.ts'

const compress = promisify(gzip)

export const sink = defineSink<typeof s3Schema>('s3', {
  accepts: ['events', 'flows'],
  idempotency: 'token',
  build: (config, context) => Promise.resolve(openS3(config, context)),
})

function openS3(config: S3Config, context: Context): Sink {
  const bucket = new Bucket(config, context)
  const { contentType, isCompressed, groups } = objectForm(config)
  const encoding = isCompressed ? 'gzip' : undefined
  return {
    async send(batch, signal) {
      const { object_rows: rows, object_size: bytes, timeout } = config
      const { clock } = context.host
      const deadline = clock.monotonic() + timeout
      const failures: Failure[] = []
      for (const group of groups(batch)) {
        const trouble = failures.find(({ is }) => is === 'retry')
        if (trouble !== undefined) {
          const reason = `not sent: ${trouble.reason}`
          for (const { index } of group.rows) failures.push({ index, is: 'retry', reason })
          continue
        }
        const options = { limits: { rows, bytes }, budgetMs: deadline - clock.monotonic(), clock, signal }
        let number = 0
        const failed = await deliverInHalves(group.rows, options, async (parts) => {
          const key = group.key(number++)
          const plain = group.body(parts)
          const body = encoding === undefined ? plain : await compress(plain)
          return bucket.put({ key, body, contentType, encoding }, signal)
        })
        failures.push(...failed)
      }
      return failures.sort((a, b) => a.index - b.index)
    },
    probe: (signal) => bucket.probe(signal),
    *preview(batch): Generator<Preview> {
      const rows = groups(batch).flatMap(({ rows: rowsOfGroup, key }) => [...rowsOfGroup].map((row) => ({ row, key })))
      for (const { row, key } of rows.toSorted((a, b) => a.row.index - b.row.index))
        yield 'is' in row ? { problem: row.reason } : { to: `${bucket.address}/${key(0)}`, body: row.bytes }
    },
    close: () => Promise.resolve(bucket.close()),
  }
}
