import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ServerCredentials, status } from '@grpc/grpc-js'
import { expect, onTestFinished, test } from 'vitest'
import { testContext } from '../../../test/conformance/batches.ts'
import { selfSigned } from '../../../test/kit/certificate.ts'
import { flowSinkBatch } from '../../../test/kit/metric-flows.ts'
import type { Sink } from '../../engine/contracts.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { netobservSinkSchema } from './config.ts'
import { sink as netobserv } from './sink.ts'
import { collector } from './testing/collector.ts'

const never = new AbortController().signal

async function open(written: WrittenConfigOf<typeof netobservSinkSchema>): Promise<Sink> {
  const sink = await netobserv.build(configFrom(netobservSinkSchema, written), testContext())
  onTestFinished(() => sink.close())
  return sink
}

async function opened(...args: Parameters<typeof collector>) {
  const other = await collector(...args)
  onTestFinished(() => other.stop())
  return other
}

const flow = {
  SrcAddr: '10.0.0.1',
  DstAddr: '10.0.0.2',
  Proto: 6,
  Flags: 18,
  Bytes: 5_000_000_000,
  SrcK8S_Name: 'größe',
  Rack: 'r1',
}

test('each flow is a call with the record of NetObserv as JSON', async () => {
  const other = await opened()
  const sink = await open({ url: other.url, tcp_flags: 'names' })
  expect(await sink.send(flowSinkBatch([flow, { ...flow, Bytes: 1 }], 't'), never)).toEqual([])
  const expected = { ...flow, Flags: ['SYN', 'ACK'] }
  expect(other.flows).toMatchObject([expected, { ...expected, Bytes: 1 }])
})

test('exactly the refused flows are reported, permanently only for an invalid argument', async () => {
  const other = await opened()
  other.reply = ({ Bytes: bytes }) =>
    bytes === 2 ? status.INVALID_ARGUMENT : bytes === 4 ? status.INTERNAL : status.OK
  const sink = await open({ url: other.url })
  const flows = [1, 2, 3, 4, 5].map((bytes) => ({ ...flow, Bytes: bytes }))
  const failures = await sink.send(flowSinkBatch(flows, 't'), never)
  expect(failures.toSorted((a, b) => a.index - b.index)).toEqual([
    { index: 1, is: 'reject', reason: `${other.url}: INVALID_ARGUMENT: by the test` },
    { index: 3, is: 'retry', reason: `${other.url}: INTERNAL: by the test` },
  ])
  expect(other.flows.map(({ Bytes: bytes }) => Number(bytes)).toSorted((a, b) => a - b)).toEqual([1, 3, 5])
})

test('another service, such as the port of agents, is a retry and a failed probe that name the setting', async () => {
  const other = await opened(ServerCredentials.createInsecure(), 'pbflow.Collector')
  const sink = await open({ url: other.url })
  const [failure] = await sink.send(flowSinkBatch([flow], 't'), never)
  expect(failure?.is).toBe('retry')
  expect(failure?.reason).toContain('it is no genericmap.Collector; correct `url`')
})

test('TLS: only a trusted certificate is accepted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-genericmap-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const { cert, key } = selfSigned()
  const ca = join(folder, 'ca.pem')
  await writeFile(ca, cert)
  const other = await opened(
    ServerCredentials.createSsl(null, [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }]),
  )
  const url = other.url.replace('grpc:', 'grpcs:')
  const trusting = await open({ url, tls: { ca_file: ca } })
  expect(await trusting.send(flowSinkBatch([flow], 't'), never)).toEqual([])
  const strict = await open({ url, timeout: '2s' })
  const [failure] = await strict.send(flowSinkBatch([flow], 't'), never)
  expect(failure).toMatchObject({ is: 'retry', reason: expect.stringContaining('certificate') as string })
  expect(other.flows).toHaveLength(1)
})

test('`tls` with a plain URL is refused by the configuration', () => {
  const given = { url: 'grpc://collector:9999', tls: { ca_file: '/ca.pem' } }
  expect(() => configFrom(netobservSinkSchema, given)).toThrow('write grpcs://')
})
