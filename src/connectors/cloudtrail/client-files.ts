import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { S3Client } from '@aws-sdk/client-s3'
import { awsOptions, regionIn } from '../../messaging/aws-client.ts'
import { awsFailure } from '../../messaging/aws-errors.ts'
import { withTimeout } from '../../host/with-timeout.ts'
import type { Host } from '../../host/index.ts'
import { isRecord } from '../../model/json.ts'
import { messageOf } from '../../model/errors.ts'
import type { CloudtrailConfig, From } from './config.ts'
import type { FileName } from './map-notice.ts'

export class InvalidFileError extends Error {
  override readonly name = 'FileUnfit'
}

/** Transient. `denied`: access to this file is denied; others may be readable. */
export class FileUnavailableError extends Error {
  override readonly name = 'FileAway'
  readonly denied: boolean

  constructor(message: string, options: Readonly<{ denied: boolean; cause: unknown }>) {
    super(message, { cause: options.cause })
    this.denied = options.denied
  }
}

type Library = typeof import('@aws-sdk/client-s3')
const gunzipAsync = promisify(gunzip)

export class TrailFiles {
  readonly #config: CloudtrailConfig
  readonly #from: From<'queue'>
  readonly #host: Pick<Host, 'timers' | 'disk'>
  #live: Readonly<{ library: Library; client: S3Client }> | undefined

  constructor(config: CloudtrailConfig, from: From<'queue'>, host: Pick<Host, 'timers' | 'disk'>) {
    this.#config = config
    this.#from = from
    this.#host = host
  }

  async records(file: FileName, signal: AbortSignal): Promise<readonly unknown[]> {
    const { bucket, max_file_size: maxBytes } = this.#from
    const position = `s3://${file.bucket}/${file.key}`
    if (file.bucket !== bucket)
      throw new InvalidFileError(
        `${position} is in another bucket than \`from.bucket\` (${bucket}), and is not fetched`,
      )
    const compressed = await this.#fetch(file, position, signal)
    let text: Uint8Array
    try {
      text =
        compressed[0] === 0x1f && compressed[1] === 0x8b
          ? await gunzipAsync(compressed, { maxOutputLength: maxBytes })
          : compressed
    } catch (error) {
      throw new InvalidFileError(
        `${position} can't be decompressed, or exceeds \`from.max_file_size\` (${messageOf(error)})`,
      )
    }
    let content: unknown
    try {
      content = JSON.parse(new TextDecoder().decode(text))
    } catch {
      throw new InvalidFileError(`${position} is not JSON`)
    }
    if (!isRecord(content) || !Array.isArray(content['Records']))
      throw new InvalidFileError(`${position} has no list of records`)
    return content['Records']
  }

  async verifyAccess(signal: AbortSignal): Promise<void> {
    const {
      library: { HeadBucketCommand },
      client,
    } = await this.#open()
    await client
      .send(new HeadBucketCommand({ Bucket: this.#from.bucket }), { abortSignal: signal })
      .catch((error: unknown) => {
        throw this.#unavailable(error, `bucket ${this.#from.bucket}`)
      })
  }

  close(): void {
    this.#live?.client.destroy()
    this.#live = undefined
  }

  async #fetch({ bucket: Bucket, key: Key }: FileName, position: string, signal: AbortSignal): Promise<Uint8Array> {
    const { timeout } = this.#config
    const { max_file_size: maxBytes } = this.#from
    const late = new AbortController()
    try {
      const {
        library: { GetObjectCommand },
        client,
      } = await this.#open()
      const get = async () => {
        const { Body: body, ContentLength: bytes = 0 } = await client.send(new GetObjectCommand({ Bucket, Key }), {
          abortSignal: AbortSignal.any([signal, late.signal]),
        })
        if (bytes > maxBytes) {
          late.abort()
          throw new InvalidFileError(`${position} has ${bytes} bytes, and \`from.max_file_size\` is ${maxBytes}`)
        }
        return (await body?.transformToByteArray()) ?? new Uint8Array(0)
      }
      return await withTimeout(get(), {
        timers: this.#host.timers,
        ms: timeout,
        late: `no response within ${timeout} ms`,
      })
    } catch (error) {
      late.abort()
      if (error instanceof InvalidFileError) throw error
      if (error instanceof Error && error.name === 'NoSuchKey') throw new InvalidFileError(`${position} does not exist`)
      throw this.#unavailable(error, position)
    }
  }

  #unavailable(error: unknown, position: string): FileUnavailableError {
    const {
      attempt: { reason },
      login,
    } = awsFailure(
      error,
      position,
      's3:GetObject, s3:ListBucket and, for files that are encrypted with a key, kms:Decrypt',
    )
    const status = (error as { readonly $metadata?: { readonly httpStatusCode?: number } } | undefined)?.$metadata
      ?.httpStatusCode
    if (login) this.close()
    return new FileUnavailableError(reason, {
      denied: status === 403 || status === 404,
      cause: error,
    })
  }

  async #open(): Promise<Readonly<{ library: Library; client: S3Client }>> {
    if (this.#live !== undefined) return this.#live
    const { region } = this.#config
    const { queue_url: url, s3_endpoint: endpoint } = this.#from
    const library = await import('@aws-sdk/client-s3')
    const options = await awsOptions(
      { ...this.#config, region: region ?? regionIn(url) ?? null, endpoint },
      this.#host,
      '',
    )
    // The bucket may be in another region.
    const client = new library.S3Client({ ...options, followRegionRedirects: true, forcePathStyle: endpoint !== null })
    return (this.#live ??= { library, client })
  }
}
