import { describe, expect, test } from 'vitest'
import { ctsExporterPreset, PresetProblem, type CtsExporterFlags, type CtsExporterPlan } from './index.ts'

type Environment = Record<string, string>

const bound: Environment = {
  OS_CLOUD: 'otc',
  K_SINK: 'http://event-display.default.svc.cluster.local',
  K_CE_OVERRIDES: '',
}

function plan(env: Environment = bound, flags: CtsExporterFlags = {}, hasToken = false): CtsExporterPlan {
  return ctsExporterPreset({ flags, env, hasToken, data: '/data' })
}

function problem(env: Environment, flags: CtsExporterFlags = {}): string {
  try {
    return `no problem: ${JSON.stringify(plan({ ...bound, ...env }, flags))}`
  } catch (error) {
    if (!(error instanceof PresetProblem)) throw error
    return error.message
  }
}

const sourceOf = ({ config }: CtsExporterPlan): unknown => (config['sources'] as Record<string, unknown>)['cts']
const sinkOf = ({ config }: CtsExporterPlan): unknown => (config['sinks'] as Record<string, unknown>)['knative']

test('the environment of Knative and a ConfigMap of cts_exporter is a complete configuration', () => {
  expect(plan()).toEqual({
    config: {
      data: '/data',
      ops: '0.0.0.0:8081',
      log: { format: 'json' },
      store: { enabled: 'none' },
      sources: {
        cts: { type: 'otc-cts', auth: { type: 'clouds', cloud: 'otc' }, projects: [], api: 'v2', backfill: '5m' },
        netflow: { listen: 'off', tcp: 'off' },
        sflow: { listen: 'off' },
      },
      sinks: {
        knative: {
          type: 'http',
          url: 'http://event-display.default.svc.cluster.local',
          retry_statuses: [404, 409],
          from: ['cts'],
          when_behind: 'block',
        },
      },
    },
    files: {},
    notes: [],
    fresh: expect.stringContaining('or set CTS_LEASE') as string,
  })
})

test('without a cloud the only entry is used; OS_DEBUG prints more; CTS_STREAMS is accepted', () => {
  const made = plan({ ...bound, OS_CLOUD: ' ', OS_DEBUG: 'T', CTS_STREAMS: 'false', CTS_TRACKER: ' ' })
  expect(sourceOf(made)).toMatchObject({ auth: { type: 'clouds' }, projects: [] })
  expect(sourceOf(made)).not.toHaveProperty('auth.cloud')
  expect(made.config['log']).toEqual({ format: 'json', level: 'debug' })
})

test.each<[Environment, CtsExporterFlags, string]>([
  [{ CTS_FROM: '1' }, {}, '1m'],
  [{ CTS_FROM: '10080' }, {}, '10080m'],
  [{ CTS_FROM: '7' }, { from: '60' }, '60m'],
  [{ CTS_FROM: '7' }, { from: '0' }, '7m'],
  [{ CTS_FROM: '0' }, { from: '2' }, '2m'],
])('%j and %j read %s of earlier traces', (env, flags, backfill) => {
  expect(sourceOf(plan({ ...bound, ...env }, flags))).toMatchObject({ backfill })
})

test.each<[Environment, CtsExporterFlags, string]>([
  [{ CTS_FROM: '0' }, {}, 'CTS_FROM is `0`; it must be 1 to 10080 minutes'],
  [{ CTS_FROM: '-1' }, {}, 'CTS_FROM is `-1`; it must'],
  [{ CTS_FROM: 'abc' }, {}, 'CTS_FROM is `abc`; it must'],
  [{ CTS_FROM: '10081' }, {}, 'CTS_FROM is `10081`; it must'],
  [{}, { from: '10800' }, '-from is `10800`; it must be 1 to 10080 minutes'],
  [{}, { from: '1.5' }, '-from is `1.5`; it must'],
  [{ CTS_STREAMS: 'yes' }, {}, 'CTS_STREAMS is `yes`; it must be true or false'],
  [{ OS_DEBUG: '2' }, {}, 'OS_DEBUG is `2`'],
  [{ CTS_X_PNP: 'on' }, {}, 'CTS_X_PNP is `on`'],
  [{ CTS_TRACKER: 'a/b' }, {}, 'CTS_TRACKER is `a/b`'],
  [{ CTS_TRACKER: 'own' }, {}, 'set OS_PROJECT_NAME'],
  [{ K_SINK: '' }, {}, 'K_SINK is not set'],
  [{ K_SINK: 'event-display' }, {}, 'K_SINK is no URL with http:// or https://'],
  [{ K_SINK: 'http://' }, {}, 'K_SINK is no URL'],
  [{ K_SINK: 'http://me:hidden@' }, {}, '`http://***@` is no URL'],
])('%j and %j are rejected', (env, flags, words) => {
  expect(problem(env, flags)).toContain(words)
  expect(problem(env, flags)).not.toContain('hidden')
})

test('another tracker needs a project in the environment', () => {
  expect(sourceOf(plan({ ...bound, CTS_TRACKER: 'own', OS_TENANT_NAME: 'eu-de_prod' }))).toMatchObject({
    projects: [{ name: 'eu-de_prod', trackers: ['own'] }],
  })
  expect(
    sourceOf(plan({ ...bound, CTS_TRACKER: 'own', OS_PROJECT_NAME: 'eu-de_prod', OS_PROJECT_ID: '0f1e' })),
  ).toMatchObject({ projects: [{ id: '0f1e', trackers: ['own'] }] })
})

test('with CTS_LEASE replicas elect a leader; the checkpoint is the progress of the sink or of reading', () => {
  const leased = plan({ ...bound, CTS_LEASE: 'cts-exporter' })
  expect(sourceOf(leased)).toMatchObject({ lease: { name: 'cts-exporter' }, ack: 'sink:knative' })
  expect(leased.fresh).toContain('the Lease cts-exporter')
  const unsent = sourceOf(plan({ ...bound, CTS_LEASE: 'cts-exporter', CTS_X_PNP: 'false' }))
  expect(unsent).toMatchObject({ lease: { name: 'cts-exporter' } })
  expect(unsent).not.toHaveProperty('ack')
  expect(sourceOf(plan({ ...bound, CTS_LEASE: ' ' }))).not.toHaveProperty('lease')
})

test('CTS_X_PNP=false sends nothing, and needs no K_SINK', () => {
  const { config, notes } = plan({ OS_CLOUD: 'otc', CTS_X_PNP: 'false' })
  expect(config['sinks']).toEqual({})
  expect(notes).toEqual(['CTS_X_PNP is off: traces are read and counted, but not sent.'])
  expect(plan({ ...bound, CTS_X_PNP: 'false', OS_DEBUG: 'true' }).config['sinks']).toEqual({
    log: { type: 'stdout', from: ['cts'] },
  })
})

describe('what Knative sets', () => {
  test('K_CE_OVERRIDES sets extensions on each event, in lower case, and overrides the extensions of Weir', () => {
    expect(
      sinkOf(plan({ ...bound, K_CE_OVERRIDES: '{"extensions":{"env":"prod","Team":"sec","region":"x"},"other":1}' })),
    ).toMatchObject({ extensions: { env: 'prod', team: 'sec', region: 'x' } })
  })

  test.each(['', ' ', '{}', '{"extensions":{}}', '{"extensions":null}'])('K_CE_OVERRIDES=%s sets nothing', (text) => {
    expect(sinkOf(plan({ ...bound, K_CE_OVERRIDES: text }))).not.toHaveProperty('extensions')
  })

  test.each([
    ['{bad', 'K_CE_OVERRIDES is no JSON object'],
    ['[]', 'K_CE_OVERRIDES is no JSON object'],
    ['{"extensions":[]}', '`extensions` of K_CE_OVERRIDES is no JSON object'],
    ['{"extensions":{"type":"x"}}', 'sets `type`, which is an attribute of every event'],
    ['{"extensions":{"SpecVersion":"x"}}', 'sets `SpecVersion`'],
    ['{"extensions":{"my-key":"x"}}', 'names the extension `my-key`; extension names contain only letters and digits'],
    ['{"extensions":{"n":1}}', 'the extension `n` of K_CE_OVERRIDES is no text'],
    ['{"extensions":{"n":""}}', 'the extension `n` of K_CE_OVERRIDES is no text'],
  ])('K_CE_OVERRIDES=%s is a problem', (text, words) => {
    expect(problem({ K_CE_OVERRIDES: text })).toContain(words)
  })

  test('K_CA_CERTS is trusted by a sink with TLS', () => {
    const secure = plan({
      ...bound,
      K_SINK: 'https://broker.knative-eventing.svc/a',
      K_CA_CERTS: '-----BEGIN CERTIFICATE-----\nx\n',
    })
    expect(sinkOf(secure)).toMatchObject({ tls: { ca_file: '/data/cts-exporter-sink-ca.pem' } })
    expect(secure.files).toEqual({ 'cts-exporter-sink-ca.pem': '-----BEGIN CERTIFICATE-----\nx' })
    const open = plan({ ...bound, K_CA_CERTS: 'x' })
    expect([sinkOf(open), open.files, open.notes]).toEqual([
      expect.not.objectContaining({ tls: expect.anything() as unknown }),
      {},
      [expect.stringContaining('no certificate is verified')],
    ])
  })

  test('a token or else the credentials of the URL are used, and neither is in the configuration', () => {
    const login = plan({ ...bound, K_SINK: 'https://me:p%40ss@sink.example/in' })
    expect(sinkOf(login)).toMatchObject({
      url: 'https://sink.example/in',
      auth: { type: 'basic', user: 'me', password: 'file:/data/cts-exporter-sink-password' },
    })
    expect([login.files, JSON.stringify(login.config).includes('p@ss')]).toEqual([
      { 'cts-exporter-sink-password': 'p@ss' },
      false,
    ])
    const token = plan({ ...bound, K_SINK: 'https://me:p%40ss@sink.example/in' }, {}, true)
    expect(sinkOf(token)).toMatchObject({
      url: 'https://sink.example/in',
      auth: { type: 'bearer', token: 'file:/oidc/token' },
    })
    expect([token.files, token.notes]).toEqual([{}, [expect.stringContaining('/oidc/token')]])
  })
})
