// A bucket on an S3 server, behind a proxy that shows faults.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { buildApp } from 'fauxqs'
import { cutProxy } from '../../../../test/conformance/cut-proxy.ts'
import { credentials, region } from '../../../../test/kit/aws-server.ts'

export interface StoredObject {
  readonly key: string
  readonly text: string
  readonly bytes: Uint8Array
  readonly type: string | undefined
  readonly encoding: string | undefined
}

export interface TestBucket {
  readonly name: string
  readonly url: string
  /** Keys of stored objects in order, repeats included; undefined if the server does not show requests. */
  readonly stored: readonly string[] | undefined
  object(key: string): Promise<StoredObject>
  /** By key. */
  objects(): Promise<readonly StoredObject[]>
  /** Refuses connections. */
  refuse(on: boolean): Promise<void>
  slow(on: boolean): void
  cutAfter(count: number, marker: string): void
  close(): Promise<void>
}

let named = 0

export async function bucketAt(
  serverUrl: string,
  end: () => Promise<unknown> = () => Promise.resolve(),
  stored?: readonly string[],
): Promise<TestBucket> {
  const name = `weir-flows-${named++}`
  const s3 = new S3Client({ region, endpoint: serverUrl, credentials, forcePathStyle: true })
  await s3.send(new CreateBucketCommand({ Bucket: name, CreateBucketConfiguration: { LocationConstraint: region } }))
  const target = Number(new URL(serverUrl).port)
  let proxy = await cutProxy(target)
  const { port } = proxy
  let refusing = false
  const object = async (key: string): Promise<StoredObject> => {
    const found = await s3.send(new GetObjectCommand({ Bucket: name, Key: key }))
    const bytes = (await found.Body?.transformToByteArray()) ?? new Uint8Array(0)
    const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : Buffer.from(bytes)
    return { key, text: plain.toString(), bytes, type: found.ContentType, encoding: found.ContentEncoding }
  }
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    stored,
    object,
    async objects() {
      const { Contents: list = [] } = await s3.send(new ListObjectsV2Command({ Bucket: name }))
      return Promise.all(list.map(({ Key: key = '' }) => object(key)))
    },
    async refuse(on) {
      if (on === refusing) return
      refusing = on
      if (on) await proxy.close()
      else proxy = await cutProxy(target, port)
    },
    slow: (on) => proxy.hold(on),
    cutAfter: (count, marker) => proxy.cutAfter(count, marker),
    async close() {
      if (!refusing) await proxy.close()
      s3.destroy()
      await end()
    },
  }
}

/** On S3 in memory, in this process (npm fauxqs). */
export async function startBucket(): Promise<TestBucket> {
  const app = buildApp({ logger: false, defaultRegion: region })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const stored: string[] = []
  app.server.on('request', ({ method, url = '' }: IncomingMessage, response: ServerResponse) => {
    const key = decodeURIComponent(url.replace(/^\/[^/]*\/?/, '').replace(/\?.*$/, ''))
    response.on('finish', () => {
      if (method === 'PUT' && key !== '' && response.statusCode === 200) stored.push(key)
    })
  })
  const { port } = app.server.address() as { port: number }
  return bucketAt(`http://127.0.0.1:${port}`, () => app.close(), stored)
}
