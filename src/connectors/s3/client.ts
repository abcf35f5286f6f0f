import type { S3Client } from '@aws-sdk/client-s3'
import type { Context, Probe } from '../../engine/contracts.ts'
import type { HalvesAnswer } from '../../engine/delivery/in-halves.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import { withTimeout } from '../../host/with-timeout.ts'
import { awsOptions } from '../../messaging/aws-client.ts'
import { awsFailure, errorText } from '../../messaging/aws-errors.ts'
import type { S3Config } from './config.ts'

type Library = typeof import('@aws-sdk/client-s3')
type Live = Readonly<{ library: Library; client: S3Client }>

type NewObject = Readonly<{
  key: string
  body: Buffer
  contentType: string
  encoding: 'gzip' | undefined
}>

export class Bucket {
  readonly #config: S3Config
  readonly #context: Context
  #live: Live | undefined

  constructor(config: S3Config, context: Context) {
    this.#config = config
    this.#context = context
  }

  get address(): string {
    return `s3://${this.#config.bucket}`
  }

  async put({ key, body, contentType, encoding }: NewObject, signal: AbortSignal): Promise<HalvesAnswer> {
    const { id, metrics } = this.#context
    const failed = await this.#call(signal, ({ client, library }, abortSignal) =>
      client.send(
        new library.PutObjectCommand({
          Bucket: this.#config.bucket,
          Key: key,
          Body: body,
          ContentType: contentType,
          ...(encoding === undefined ? {} : { ContentEncoding: encoding }),
        }),
        { abortSignal },
      ),
    )
    const outcome = failed === undefined ? 'stored' : failed.is === 'reject' ? 'rejected' : 'failed'
    metrics.count('weir_s3_objects_total', 1, { sink: id, outcome })
    if (failed === undefined) metrics.count('weir_s3_bytes_total', body.length, { sink: id })
    return failed?.is === 'reject' ? { is: 'divide', reason: failed.reason } : failed
  }

  async probe(signal: AbortSignal): Promise<Probe> {
    const failed = await this.#call(signal, ({ client, library }, abortSignal) =>
      client.send(new library.HeadBucketCommand({ Bucket: this.#config.bucket }), { abortSignal }),
    )
    if (failed === undefined) return { is: 'ok', message: `bucket ${this.#config.bucket} grants access` }
    return { is: 'fail', message: failed.reason }
  }

  close(): void {
    this.#live?.client.destroy()
    this.#live = undefined
  }

  async #call(signal: AbortSignal, act: (live: Live, signal: AbortSignal) => Promise<unknown>): Promise<Attempt> {
    const { timeout: ms } = this.#config
    const late = new AbortController()
    try {
      const work = act(await this.#open(), AbortSignal.any([signal, late.signal]))
      await withTimeout(work, { timers: this.#context.host.timers, ms, late: `no response within ${ms} ms` })
      return undefined
    } catch (error) {
      late.abort()
      return this.#outcomeOf(error)
    }
  }

  #outcomeOf(error: unknown): Attempt {
    const name = error instanceof Error ? error.name : ''
    if (name === 'EntityTooLarge')
      return { is: 'reject', reason: `${this.address} rejects an object of this size (${errorText(error)})` }
    if (name === 'NoSuchBucket' || name === 'NotFound')
      return {
        is: 'retry',
        reason: `${this.address} does not exist (${errorText(error)}); create the bucket, or correct \`bucket\``,
        away: true,
      }
    const { attempt, login } = awsFailure(error, this.address, 's3:PutObject and, with a key, kms:GenerateDataKey')
    // The next request reads the credentials again.
    if (login) this.close()
    return attempt
  }

  async #open(): Promise<Live> {
    if (this.#live !== undefined) return this.#live
    const library = await import('@aws-sdk/client-s3')
    const { endpoint } = this.#config
    const client = new library.S3Client({
      ...(await awsOptions(this.#config, this.#context.host, '')),
      followRegionRedirects: true,
      // Compatible servers may know neither names of buckets in host names nor checksums.
      ...(endpoint === null ? {} : { forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' as const }),
    })
    return (this.#live ??= { library, client })
  }
}
