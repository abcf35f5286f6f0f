import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Context, Preview, Sink, SinkBatch } from '../../engine/contracts.ts'
import { defineSink } from '../../engine/define.ts'
import { deliverInHalves } from '../../engine/delivery/in-halves.ts'
import type { Failure } from '../../model/outcome.ts'
import { Bucket } from './client.ts'
import type { S3Config, s3Schema } from './config.ts'
import { keyOf, objectForm, spanOf, type ObjectForm } from './map.ts'

const compress = promisify(gzip)

export const sink = defineSink<typeof s3Schema>('s3', {
  accepts: ['events', 'flows'],
  idempotency: 'token',
  build: (config, context) => Promise.resolve(openS3(config, context)),
})

function openS3(config: S3Config, context: Context): Sink {
  const bucket = new Bucket(config, context)
  const form = objectForm(config)
  const encoding = form.suffix.endsWith('.gz') ? 'gzip' : undefined
  return {
    send(batch, signal) {
      const { object_rows: rows, object_size: bytes, timeout: budgetMs, prefix } = config
      const options = { limits: { rows, bytes }, budgetMs, clock: context.host.clock, signal }
      const span = spanOf(batch)
      let number = 0
      return deliverInHalves(numbered(form, batch), options, async (parts) => {
        const key = keyOf(prefix, batch, number++, form.suffix)
        const plain = form.body(parts, span)
        const body = encoding === undefined ? plain : await compress(plain)
        return bucket.put({ key, body, contentType: form.contentType, encoding }, signal)
      })
    },
    probe: (signal) => bucket.probe(signal),
    *preview(batch): Generator<Preview> {
      const to = `${bucket.address}/${keyOf(config.prefix, batch, 0, form.suffix)}`
      for (const row of form.rows(batch)) yield typeof row === 'string' ? { problem: row } : { to, body: row }
    },
    close: () => Promise.resolve(bucket.close()),
  }
}

function* numbered(
  { rows }: ObjectForm,
  batch: SinkBatch,
): Generator<Readonly<{ index: number; bytes: Uint8Array }> | Failure> {
  let index = 0
  for (const bytes of rows(batch)) {
    yield typeof bytes === 'string' ? { index, is: 'reject', reason: bytes } : { index, bytes }
    index++
  }
}
