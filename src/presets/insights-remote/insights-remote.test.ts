import { describe, expect, test } from 'vitest'
import { insightsRemotePreset, PresetProblem, type Flags } from './index.ts'

const base = { INSIGHTS_TOKEN_SECRET: 'x'.repeat(32) }

interface Made {
  readonly ops: unknown
  readonly sources: { readonly insights: Readonly<Record<string, unknown>> }
  readonly sinks: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly log: unknown
}

function plan(env: Readonly<Record<string, string>> = {}, flags: Flags = {}) {
  const { config, files, notes } = insightsRemotePreset({ flags, env: { ...base, ...env }, data: '/data' })
  const { sources, ...rest } = config as unknown as Made
  return { ...rest, insights: sources.insights, files, notes }
}

const problem = (env: Readonly<Record<string, string>>, flags: Flags = {}): string => {
  try {
    plan(env, flags)
  } catch (error) {
    if (error instanceof PresetProblem) return error.message
    throw error
  }
  return 'none'
}

describe('the defaults', () => {
  test('are those of insights-remote, with deferred ConfigMaps published', () => {
    const { insights, sinks, ops, files, notes } = plan()
    expect(insights).toEqual({
      type: 'lagoon-insights',
      configmaps: true,
      burn: false,
      clear_deferred: true,
      listen: '0.0.0.0:8888',
      tokens: true,
      token_secret: 'env:INSIGHTS_TOKEN_SECRET',
      ack: 'sink:lagoon',
    })
    expect(sinks).toEqual({
      lagoon: {
        type: 'lagoon',
        url: 'amqp://localhost',
        repair: true,
        from: ['insights'],
        when_behind: 'block',
        delivery: { retry_max: '30s', bytes: '1MiB' },
      },
    })
    expect([ops, files, notes]).toEqual([['0.0.0.0:8081'], {}, []])
  })

  test('are those of the chart of Lagoon with its variables', () => {
    const { insights, sinks } = plan({
      BURN_AFTER_READING: 'TRUE',
      RABBITMQ_TLS: 'TRUE',
      RABBITMQ_ADDRESS: 'broker.lagoon:5671',
      RABBITMQ_CACERT: '/ca.crt',
      RABBITMQ_VERIFY: 'false',
      RABBITMQ_USERNAME: 'lagoon',
      RABBITMQ_PASSWORD: 'a@b:/?',
    })
    expect(insights).toMatchObject({ burn: true, ack: 'sink:lagoon' })
    expect(sinks['lagoon']).toMatchObject({
      url: 'amqps://broker.lagoon:5671',
      auth: { type: 'user', user: 'lagoon', password: 'env:RABBITMQ_PASSWORD' },
      tls: { ca_file: '/ca.crt' },
    })
  })
})

describe('a setting', () => {
  test('of a variable overrides the flag, and an empty variable counts as unset', () => {
    const flags = { 'webservice-port': '9000', 'rabbitmq-hostname': 'flag' }
    expect(plan({ WEBSERVICE_PORT: '9001', RABBITMQ_ADDRESS: '' }, flags)).toMatchObject({
      insights: { listen: '0.0.0.0:9001' },
      sinks: { lagoon: { url: 'amqp://flag' } },
    })
  })

  test.each([
    [{ ENABLE_CONFIGMAP_RECONCILER: 'false' }, {}, { configmaps: false }],
    [{}, { 'enable-configmap-reconciler': 'false' }, { configmaps: false }],
    [{ ENABLE_WEBSERVICE: 'f' }, {}, { listen: 'off' }],
    [{ ENABLE_NAMESPACE_RECONCILER: '0' }, {}, { tokens: false }],
    [{ ENABLE_INSIGHTS_DEFERRED: 'false' }, {}, { clear_deferred: false }],
    [{ TOKEN_TARGET_LABEL: 'a/b' }, {}, { target_label: 'a/b' }],
    [{}, { 'leader-elect': true }, { lease: { name: 'ac8a682b.lagoon.sh' } }],
    [{}, { 'strict-compat': true }, { strict: true, retry_marks: { max: 3, wait: '180s' } }],
    [{ CONFIGMAP_RECONCILER_MINS_BETWEEN_RETRIES: '5' }, {}, { retry_marks: { max: 3, wait: '300s' } }],
    [{ CONFIGMAP_RECONCILER_MAX_RETRIES: '7' }, {}, { retry_marks: { max: 7, wait: '180s' } }],
    [{ INSIGHTS_TOKEN_SECRET_PREVIOUS: 'y' }, {}, { previous_secret: 'env:INSIGHTS_TOKEN_SECRET_PREVIOUS' }],
  ])('%j %j changes the source', (env, flags, settings) => {
    expect(plan(env as Record<string, string>, flags as Flags).insights).toMatchObject(settings)
  })

  test('that is a secret is in no configuration', () => {
    const { files, insights, sinks } = plan(
      { INSIGHTS_TOKEN_SECRET: '' },
      { 'insights-token-secret': 'hidden-1', 'rabbitmq-username': 'u', 'rabbitmq-password': 'hidden-2' },
    )
    expect(files).toEqual({
      'insights-remote-token-secret': 'hidden-1',
      'insights-remote-rabbitmq-password': 'hidden-2',
    })
    expect(JSON.stringify([insights, sinks])).not.toContain('hidden')
  })

  test('of addresses opens a port for probes and one for metrics', () => {
    expect(plan({}, { 'health-probe-bind-address': ':9081', 'metrics-bind-address': '127.0.0.1:8443' })).toMatchObject({
      ops: ['0.0.0.0:9081', '127.0.0.1:8443'],
      notes: [expect.stringContaining('plain HTTP')],
    })
    expect(plan({}, { 'health-probe-bind-address': '0' }).ops).toBe('off')
  })

  test('enables uploads to Dependency-Track beside the broker', () => {
    const env = {
      ENABLE_DEPENDENCY_TRACK_INTEGRATION: 'true',
      DEPENDENCY_TRACK_API_ENDPOINT: 'https://track.example.com',
      DEPENDENCY_TRACK_API_KEY: 'hidden',
    }
    const { insights, sinks } = plan(env, { 'dependency-track-push-prod-only': 'false' })
    expect([insights['ack'], sinks['dependency-track']]).toEqual([
      'sink:lagoon',
      {
        type: 'dependency-track',
        url: 'https://track.example.com',
        api_key: 'env:DEPENDENCY_TRACK_API_KEY',
        root: '{{ .ProjectName }}',
        parent: '{{ .ProjectName }}-{{ .EnvironmentName }}',
        project: '{{ .ProjectName }}-{{ .EnvironmentName }}-{{ .ServiceName }}',
        version: 'unset',
        production_only: false,
        from: ['insights'],
        when_behind: 'block',
        delivery: { max_elapsed: '6h' },
      },
    ])
    expect(insights['ack_dependency_track']).toBe('sink:dependency-track')
  })

  test('lists the endpoints of Dependency-Track that annotations may name', () => {
    const env = {
      ENABLE_DEPENDENCY_TRACK_INTEGRATION: 'true',
      DEPENDENCY_TRACK_CUSTOM_ENDPOINTS: 'https://a.example, https://b.example',
      RABBITMQ_ENABLED: 'false',
      BURN_AFTER_READING: 'true',
    }
    const { insights, sinks } = plan(env)
    expect(insights).toMatchObject({ burn: true, ack_custom_endpoint: 'sink:dependency-track-custom' })
    expect(sinks['dependency-track-custom']).toMatchObject({
      custom: { endpoints: ['https://a.example', 'https://b.example'] },
      when_behind: 'block',
      delivery: { max_elapsed: '15m' },
    })
    expect(sinks).not.toHaveProperty('dependency-track')
  })

  test('enables scans of builds, with variables of flags or of a variable', () => {
    const flags = { 'enable-build-scanner': true, 'build-scanner-extra-env': ['A=1=2', 'B='] }
    expect(plan({}, flags).insights).toMatchObject({
      scanner: { image: 'uselagoon/insights-scanner:latest', env: { A: '1=2', B: '' } },
    })
    const env = { ENABLE_BUILD_SCANNING: 'true', BUILD_SCANNER_IMAGE: 's:1', BUILD_SCANNER_EXTRA_ENV_VARS: 'C=3,D=4' }
    expect(plan(env, flags).insights).toMatchObject({ scanner: { image: 's:1', env: { C: '3', D: '4' } } })
    expect(problem({ ...env, BUILD_SCANNER_EXTRA_ENV_VARS: '1X=3' })).toContain('`1X`, which is no NAME=VALUE')
  })

  test('without RabbitMQ prints messages and deletes nothing', () => {
    const { insights, sinks, notes } = plan({ RABBITMQ_ENABLED: 'false', BURN_AFTER_READING: 'true' })
    expect(insights).toMatchObject({ burn: false })
    expect(sinks).toEqual({ printed: { type: 'stdout', from: ['insights'] } })
    expect(notes).toEqual([expect.stringContaining('not deleted')])
  })
})

test.each([
  [{ INSIGHTS_TOKEN_SECRET: '' }, {}, 'INSIGHTS_TOKEN_SECRET is not set'],
  [{ BURN_AFTER_READING: 'yes' }, {}, 'BURN_AFTER_READING is `yes`; it must be true or false'],
  [{ WEBSERVICE_PORT: '70000' }, {}, 'WEBSERVICE_PORT is `70000`; it must be an integer of at most 65535'],
  [{ WEBSERVICE_PORT: '0' }, {}, 'WEBSERVICE_PORT is 0'],
  [{ RABBITMQ_ADDRESS: 'amqp://u:p@h' }, {}, 'it must be a host, or HOST:PORT'],
  [{ CONFIGMAP_RECONCILER_MAX_CONCURRENT: 'x' }, {}, 'CONFIGMAP_RECONCILER_MAX_CONCURRENT is `x`'],
  [{}, { 'health-probe-bind-address': 'nowhere' }, '--health-probe-bind-address is `nowhere`'],
  [{}, { 'zap-log-level': 'loud' }, '--zap-log-level is `loud`'],
  [{ ENABLE_DEPENDENCY_TRACK_INTEGRATION: 'true' }, {}, 'DEPENDENCY_TRACK_API_ENDPOINT and'],
])('%j %j is a problem', (env, flags, words) => {
  expect(problem(env as Record<string, string>, flags as Flags)).toContain(words)
})

test('no secret is needed when nothing uses it', () => {
  const env = { INSIGHTS_TOKEN_SECRET: '', ENABLE_WEBSERVICE: 'false', ENABLE_NAMESPACE_RECONCILER: 'false' }
  expect(plan(env).insights).not.toHaveProperty('token_secret')
})
