import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { realHost } from '../host/index.ts'
import { loadConfig } from '../app/load-config.ts'
import { temporaryFolder, weir } from './testing/command.ts'

const bare = {
  EVENT_WRITER_URL: '',
  CLUSTER_ID: '',
  NAMESPACE: '',
  KUBECONFIG: '',
  WAIT_FOR_SYNC: '',
  TELEMETRY_URL: '',
  WEIR_DATA: '',
}

test('--print-config prints what would run, and no secret', async () => {
  const data = await temporaryFolder()
  const env = { ...bare, NATS_SERVER_URL: 'nats://weir:hidden@nats:4222', CLUSTER_ID: 'prod' }
  const { code, out, err } = await weir(
    ['kollect', '--event-writer-url', 'nats://changes', '--wait-for-sync=false', '--data', data, '--print-config'],
    { env },
  )
  expect(code).toBe(0)
  expect(parse(out)).toMatchObject({
    data,
    sources: { kubernetes: { cluster: 'prod', initial: 'snapshot' } },
    sinks: {
      kollect: {
        type: 'nats',
        subject: 'changes',
        codec: 'kollect',
        auth: { password: `file:${data}/kollect-nats-password` },
      },
    },
  })
  expect(err).toContain('weir kollect: Existing objects')
  expect(out + err).not.toContain('hidden')
})

test('it prints a whole configuration, which variables of Weir override', async () => {
  const folder = await temporaryFolder()
  const env = {
    ...bare,
    EVENT_WRITER_URL: 'https://hooks.example/changes',
    CLUSTER_ID: 'prod',
    NAMESPACE: 'shop',
    KUBECONFIG: join(folder, 'kubeconfig'),
  }
  await writeFile(env.KUBECONFIG, '')
  await writeFile(
    join(folder, 'kollect.yaml'),
    (await weir(['kollect', '--print-config', '--data', folder], { env })).out,
  )
  const more = {
    WEIR_SOURCES_KUBERNETES_EXCLUDE: 'Secret,Lease',
    WEIR_SOURCES_KUBERNETES_NOISE_SHOW: 'events',
    WEIR_SINKS_KOLLECT_KOLLECT_FIELDS: 'original',
    WEIR_STORE_ENABLED: 'parquet',
  }
  const { code, out, err } = await weir(['check', '--config', join(folder, 'kollect.yaml')], {
    env: { ...bare, ...more },
  })
  expect([code, err]).toEqual([0, ''])
  expect(out).toMatch(/sink kollect +http: https:\/\/hooks\.example, from kubernetes/)
  const host = realHost()
  const { config } = await loadConfig(host, [join(folder, 'kollect.yaml')], [])
  expect(config.sources['kubernetes']?.settings).toMatchObject({
    cluster: 'prod',
    namespaces: ['shop'],
    kubeconfig: join(folder, 'kubeconfig'),
    initial: 'silent',
  })
  expect(config.sinks['kollect']?.settings).toMatchObject({ codec: 'kollect', kollect_fields: 'all' })
})

test('what kollect could not start with ends with its exit code, and a sentence', async () => {
  const { code, out, err } = await weir(['kollect', '--event-writer-url', 'redis://changes', '--cluster-id', 'prod'], {
    env: bare,
  })
  expect([code, out]).toEqual([1, ''])
  expect(err).toMatch(
    /^weir: redis:\/\/ is not a bus of kollect or Weir\. Supported: nats:\/\/SUBJECT .*\.\n {6}`weir kollect --help` lists the settings\.\n$/,
  )
})
