import { isRecord, textOf, type Fields } from '../../model/json.ts'

export type FileName = Readonly<{
  bucket: string
  key: string
}>

/** None for a test notification of S3. Throws the reason for other messages. */
export function filesIn(body: Uint8Array): readonly FileName[] {
  let notice: unknown
  try {
    notice = JSON.parse(new TextDecoder().decode(body))
  } catch {
    throw new Error('not JSON, so not a notification of S3')
  }
  if (isRecord(notice)) {
    if (notice['Event'] === 's3:TestEvent') return []
    if (Array.isArray(notice['Records'])) return notice['Records'].flatMap(fromS3)
    const { detail, s3Bucket, s3ObjectKey: keys } = notice
    if (isRecord(detail))
      return notice['detail-type'] === 'Object Created' ? [named(detail['bucket'], detail['object'], (key) => key)] : []
    if (typeof s3Bucket === 'string' && Array.isArray(keys))
      return keys.filter((key) => typeof key === 'string').map((key) => ({ bucket: s3Bucket, key }))
  }
  throw new Error('not a notification of S3')
}

export function hasRecords({ key }: FileName): boolean {
  return /\.json(?:\.gz)?$/.test(key) && !key.includes('/CloudTrail-Digest/')
}

function fromS3(record: unknown): FileName[] {
  if (!isRecord(record) || !isRecord(record['s3'])) throw new Error('not a notification of S3')
  if (textOf(record['eventName'])?.startsWith('ObjectCreated:') !== true) return []
  return [named(record['s3']['bucket'], record['s3']['object'], (key) => decodeURIComponent(key.replaceAll('+', ' ')))]
}

function named(bucket: unknown, object: unknown, plain: (key: string) => string): FileName {
  const [name, key] = [textIn(bucket, 'name'), textIn(object, 'key')]
  if (name === undefined || key === undefined) throw new Error('the notification names no object of S3')
  return { bucket: name, key: plain(key) }
}

function textIn(value: unknown, name: string) {
  return isRecord(value) ? textOf((value as Fields)[name]) : undefined
}
