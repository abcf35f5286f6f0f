/** What a message says of new files: S3's own notification, EventBridge's, or that of CloudTrail itself. Pure. */
import { isRecord, textOf, type Fields } from '../../model/json.ts'

export interface FileName {
  readonly bucket: string
  readonly key: string
}

/** Files that a message tells of; none of one that tells of nothing (S3's test). Throws, with the reason, for what is no such message. */
export function filesIn(body: Uint8Array): readonly FileName[] {
  let told: unknown
  try {
    told = JSON.parse(new TextDecoder().decode(body))
  } catch {
    throw new Error('it is no JSON, so no notification of S3')
  }
  if (isRecord(told)) {
    if (told['Event'] === 's3:TestEvent') return []
    if (Array.isArray(told['Records'])) return told['Records'].flatMap(fromS3)
    const { detail, s3Bucket, s3ObjectKey: keys } = told
    if (isRecord(detail))
      return told['detail-type'] === 'Object Created' ? [named(detail['bucket'], detail['object'], (key) => key)] : []
    if (typeof s3Bucket === 'string' && Array.isArray(keys))
      return keys.filter((key) => typeof key === 'string').map((key) => ({ bucket: s3Bucket, key }))
  }
  throw new Error('it is no notification of S3')
}

/** Digests, by which files can be proved to be whole, lie beside them. */
export function hasRecords({ key }: FileName): boolean {
  return /\.json(?:\.gz)?$/.test(key) && !key.includes('/CloudTrail-Digest/')
}

function fromS3(record: unknown): FileName[] {
  if (!isRecord(record) || !isRecord(record['s3'])) throw new Error('it is no notification of S3')
  if (textOf(record['eventName'])?.startsWith('ObjectCreated:') !== true) return []
  // Names are written as in a form.
  return [named(record['s3']['bucket'], record['s3']['object'], (key) => decodeURIComponent(key.replaceAll('+', ' ')))]
}

function named(bucket: unknown, object: unknown, plain: (key: string) => string): FileName {
  const [name, key] = [textIn(bucket, 'name'), textIn(object, 'key')]
  if (name === undefined || key === undefined) throw new Error('it names no object of S3')
  return { bucket: name, key: plain(key) }
}

function textIn(value: unknown, name: string): string | undefined {
  return isRecord(value) ? textOf((value as Fields)[name]) : undefined
}
