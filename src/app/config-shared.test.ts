import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { realHost } from '../host/index.ts'
import type { WeirConfig } from './config.ts'
import { rolesOf } from './config-shared.ts'
import { loadConfig } from './load-config.ts'
import { temporaryFolder } from '../cli/testing/command.ts'

async function load(text: string): Promise<WeirConfig> {
  const file = join(await temporaryFolder(), 'weir.yaml')
  await writeFile(file, text)
  return (await loadConfig(realHost(), [file], [])).config
}

test('the short forms of journal and roles are the long ones', async () => {
  const kafka = await load('journal: kafka://a:9092,b:9093/frames\nroles: collector, api\n')
  expect(kafka.journal.on).toMatchObject({
    type: 'kafka',
    brokers: [
      { host: 'a', port: 9092 },
      { host: 'b', port: 9093 },
    ],
    topic: 'frames',
    partitions: 12,
  })
  expect([...rolesOf(kafka)]).toEqual(['collector', 'api'])
  const nats = await load('journal: nats://a:4222,b:4222\n')
  expect(nats.journal.on).toMatchObject({
    type: 'nats',
    url: 'nats://a:4222',
    fallback_urls: ['nats://b:4222'],
    stream: 'weir-journal',
  })
  expect([...rolesOf(nats)]).toEqual(['collector', 'deliverer', 'api'])
  expect((await load('')).journal.on).toEqual({ type: 'files' })
})

test('a source of a bus may wait for a sink that drops nothing', async () => {
  expect((await load(`${bus}sinks: {out: {type: stdout, when_behind: block}}`)).sources['in']?.settings).toMatchObject({
    ack: 'sink:out',
  })
  expect((await load('journal: kafka://a:1\nhttp: {ack: "sink:out"}\nsinks: {out: {type: stdout}}')).http.ack).toBe(
    'sink:out',
  )
})

const bus = 'sources: {in: {type: nats, url: "nats://a", stream: s, ack: "sink:out"}}\n'
test.for([
  [bus, 'there is no sink `out`'],
  [`${bus}sinks: {out: {type: stdout, from: [http]}}`, 'does not read from `in`'],
  [`${bus}sinks: {out: {type: stdout}}`, 'set `when_behind: block`'],
  ['http: {ack: "sink:out"}\nsinks: {out: {type: stdout, from: [netflow]}}', 'does not read from `http`'],
  ['roles: deliverer', 'over a journal on a bus'],
  ['journal: redis://a:1', 'journal'],
  ['roles: boss\njournal: kafka://a:1', 'boss'],
  ['journal: kafka://a:1\nsources: {k: {type: kubernetes, cluster: c}}', 'set the same `redact.key`'],
  ['journal: kafka://a:1\ninstance: partition-3', 'transforms of a partition, or alert rules, write under this name'],
])('%j is rejected with an action', async ([text = '', message = '']) => {
  await expect(load(text)).rejects.toThrow(message)
})
