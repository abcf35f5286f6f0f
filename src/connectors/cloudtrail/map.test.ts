import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { mapRecord } from './map.ts'
import { filesIn, hasRecords } from './map-notice.ts'

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8'))
const { Records: records } = fixture('records.json') as { Records: Record<string, unknown>[] }
const golden = fixture('events.json') as { id: string; audit: Record<string, unknown> }[]

function mapped(
  record: object,
  ...rest: [{ ResourceType: string; ResourceName: string }[]?]
): {
  readonly audit: Record<string, unknown>
  readonly body: Record<string, unknown>
  readonly event: Record<string, unknown>
} {
  const found = mapRecord({ eventName: 'Do', eventSource: 'ec2.amazonaws.com', ...record }, ...rest)
  if (found === undefined) throw new Error('no record')
  const { data, ...event } = found
  const { audit, ...body } = JSON.parse(Buffer.from(data ?? []).toString()) as Record<string, unknown> & {
    audit: Record<string, unknown>
  }
  return { audit, body, event }
}

test.each(
  records.map(
    (record, at) =>
      [(record['userIdentity'] as { type?: string }).type, record['eventName'], record, golden[at]] as const,
  ),
)(
  'a record of %s, %s, becomes the recorded event, with the complete record in its body',
  (_type, _name, record, wanted) => {
    const { audit, body, event } = mapped(record)
    expect({ ...event, audit }).toEqual(wanted)
    expect(body).toEqual(JSON.parse(JSON.stringify(record).replace('AKIAEXAMPLE000000009', 'redacted:')))
  },
)

test('the person of a session: first of a role chain, else user of the identity center, else session name', () => {
  const behind = (at: number): unknown =>
    (golden[at]?.audit['actor'] as { impersonatedBy?: unknown } | undefined)?.impersonatedBy
  expect([behind(2), behind(3), behind(5), behind(4)]).toEqual([
    expect.objectContaining({ id: '93a4b2c1-0000-4111-8222-333344445555', name: 'jane@example.com' }),
    { name: 'joe' },
    { name: 'kim' },
    undefined,
  ])
})

test('a new resource is in the response, instances too; otherwise the list of CloudTrail applies', () => {
  const resource = (record: object, ...rest: [{ ResourceType: string; ResourceName: string }[]?]): unknown =>
    mapped(record, ...rest).audit['resource']
  expect(
    resource({
      eventName: 'CreateVolume',
      requestParameters: { snapshotId: 'snap-1' },
      responseElements: { volumeId: 'vol-1' },
    }),
  ).toEqual({ type: 'volume', id: 'vol-1' })
  expect(
    resource({
      eventName: 'RunInstances',
      requestParameters: { subnetId: 'subnet-1', instancesSet: { items: [{ imageId: 'ami-1' }] } },
      responseElements: { instancesSet: { items: [{ instanceId: 'i-1' }] } },
    }),
  ).toEqual({ type: 'instance', id: 'i-1' })
  expect(resource({}, [{ ResourceType: 'AWS::EC2::SecurityGroup', ResourceName: 'sg-1' }])).toEqual({
    type: 'securitygroup',
    id: 'sg-1',
  })
  expect(resource({ requestParameters: { queueUrl: 'https://sqs.eu-central-1.amazonaws.com/1/orders' } })).toEqual({
    type: 'queue',
    id: 'orders',
    url: 'https://sqs.eu-central-1.amazonaws.com/1/orders',
  })
  expect(resource({ requestParameters: 'text', responseElements: [] })).toBeUndefined()
})

test('a record without an id gets a stable one; a record without a name or source is malformed', () => {
  const [one, other] = [mapRecord(records[0]), mapRecord({ ...records[0], eventID: undefined })]
  expect(other?.id).toMatch(/^[0-9a-f]{64}$/)
  expect(mapRecord({ ...records[0], eventID: undefined })?.id).toBe(other?.id)
  expect(other?.ref).toBe(one?.ref)
  for (const none of [null, 42, 'record', ['record'], {}, { eventID: 'a' }]) expect(mapRecord(none)).toBeUndefined()
})

test('notifications of S3, EventBridge and CloudTrail announce files; other events of them announce none', () => {
  const read = (notice: unknown): unknown => filesIn(Buffer.from(JSON.stringify(notice)))
  expect(
    read({
      Records: [
        { eventName: 'ObjectCreated:Put', s3: { bucket: { name: 'b' }, object: { key: 'AWSLogs/a+b%2Bc.json.gz' } } },
        { eventName: 'ObjectRemoved:Delete', s3: {} },
      ],
    }),
  ).toEqual([{ bucket: 'b', key: 'AWSLogs/a b+c.json.gz' }])
  expect(
    read({ 'detail-type': 'Object Created', detail: { bucket: { name: 'b' }, object: { key: 'a+b.json.gz' } } }),
  ).toEqual([{ bucket: 'b', key: 'a+b.json.gz' }])
  expect(read({ s3Bucket: 'b', s3ObjectKey: ['a', 'c'] })).toEqual([
    { bucket: 'b', key: 'a' },
    { bucket: 'b', key: 'c' },
  ])
  expect(read({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'b' })).toEqual([])
  for (const other of [{}, [], 'text', { Records: [{}] }, { Records: [{ eventName: 'ObjectCreated:Put', s3: {} }] }])
    expect(() => read(other)).toThrow(/not a notification|no object/)
  expect(() => filesIn(Buffer.from('{'))).toThrow(/not JSON/)
})

test('only record files are fetched', () => {
  const has = (key: string): boolean => hasRecords({ bucket: 'b', key })
  expect([
    has('AWSLogs/1/CloudTrail/eu-central-1/2026/11/21/1_CloudTrail_eu-central-1_20261121T1000Z_x.json.gz'),
    has('AWSLogs/1/CloudTrail-Digest/eu-central-1/2026/11/21/1_CloudTrail-Digest_x.json.gz'),
    has('AWSLogs/1/'),
  ]).toEqual([true, false, false])
})
