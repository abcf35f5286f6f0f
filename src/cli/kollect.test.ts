import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { temporaryFolder, weir } from './testing/command.ts'

const bare = { EVENT_WRITER_URL: '', CLUSTER_ID: '', NAMESPACE: '', KUBECONFIG: '', WAIT_FOR_SYNC: '', TELEMETRY_URL: '', WEIR_DATA: '' }

test('--print-config prints what would run, and no secret', async () => {
  const data = await temporaryFolder()
  const env = { ...bare, NATS_SERVER_URL: 'nats://weir:hidden@nats:4222', CLUSTER_ID: 'prod' }
  const { code, out, err } = await weir(['kollect', '--event-writer-url', 'nats://changes', '--wait-for-sync=false', '--data', data, '--print-config'], { env })
  expect(code).toBe(0)
  expect(parse(out)).toMatchObject({
    data, sources: { kubernetes: { cluster: 'prod', initial: 'snapshot' } }, sinks: { kollect: { type: 'nats', subject: 'changes', codec: 'kollect', auth: { password: `file:${data}/kollect-nats-password` } } },
  })
  expect(err).toContain('weir kollect: Objects that are there already')
  expect(out + err).not.toContain('hidden')
})

test('what kollect could not start with ends with its exit code, and a sentence', async () => {
  const { code, out, err } = await weir(['kollect', '--event-writer-url', 'kafka://changes', '--cluster-id', 'prod'], { env: bare })
  expect([code, out]).toEqual([1, ''])
  expect(err).toBe('weir: kafka:// (Kafka) comes with the other buses in a later version. Today it may be nats://SUBJECT (with NATS_SERVER_URL), http:// or https://.\n      `weir kollect --help` lists the settings.\n')
})
