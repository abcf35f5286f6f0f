// A fault names the input of the preset, and never the generated file.
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder, weir } from './testing/command.ts'

const kollect = ['kollect', '--cluster-id', 'prod']
const secret = '0123456789abcdef0123456789abcdef'
const faults: readonly (readonly [args: readonly string[], env: Record<string, string>, message: RegExp])[] = [
  [
    kollect,
    { EVENT_WRITER_URL: 'gcppubsub://projects/p/topics/t' },
    /EVENT_WRITER_URL\): error: .*at least 3 characters/,
  ],
  [
    ['kollect', '--cluster-id', 'a b'],
    { EVENT_WRITER_URL: 'https://h/x' },
    /--cluster-id \(CLUSTER_ID\): error: .*`a b`/,
  ],
  [['cts-exporter'], { K_SINK: 'https://h/x', CTS_LEASE: 'No Lease' }, /CTS_LEASE: error/],
  [
    ['exoscale-exporter'],
    { EXOSCALE_API_KEY: 'k', EXOSCALE_API_SECRET: 's', EXOSCALE_API_ENDPOINT: 'no url' },
    /EXOSCALE_API_ENDPOINT: error/,
  ],
  [
    ['flows-to-clickhouse', '--group', 'a b!', '--kafkaurl', 'k', '--clickhouseurl', 'c', '--database', 'no base'],
    {},
    /--database \(CLICKHOUSE_DATABASE\): error/,
  ],
  [
    ['insights-remote', '--token-target-label', 'no label'],
    { INSIGHTS_TOKEN_SECRET: secret, RABBITMQ_ADDRESS: 'b' },
    /--token-target-label \(TOKEN_TARGET_LABEL\): error/,
  ],
]

test.each(faults)('%j', async (args, env, message) => {
  const data = join(await temporaryFolder(), 'data')
  const [started, printed] = await Promise.all([
    weir([...args, '--data', data], { env }),
    weir([...args, '--data', data, '--print-config'], { env }),
  ])
  for (const { code, out, err } of [started, printed]) {
    expect(code).not.toBe(0)
    expect(out).toBe('')
    expect(err).toMatch(message)
    expect(err).not.toMatch(/\.yaml:\d/)
  }
  await expect(stat(data)).rejects.toThrow(/ENOENT/)
})

test('an emulator accepts the ids that Google would refuse', async () => {
  const env = { EVENT_WRITER_URL: 'gcppubsub://projects/p/topics/t', PUBSUB_EMULATOR_HOST: 'localhost:8085' }
  expect(await weir([...kollect, '--print-config'], { env })).toMatchObject({ code: 0 })
})
