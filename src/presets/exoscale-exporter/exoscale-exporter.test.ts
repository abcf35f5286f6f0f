import { expect, test } from 'vitest'
import { exoscaleExporterPreset, PresetProblem } from './index.ts'

const env = { EXOSCALE_API_KEY: 'EXOkey', EXOSCALE_API_SECRET: 'hidden' }

test('the variables of exoscale-exporter are a complete configuration, without the credentials', () => {
  const { config } = exoscaleExporterPreset({ flags: {}, env, data: 'data' })
  expect(config).toMatchObject({
    data: './data',
    ops: '0.0.0.0:9999',
    sources: { exoscale: { type: 'exoscale', key: 'env:EXOSCALE_API_KEY', legacy_names: true } },
  })
  expect(JSON.stringify(config)).not.toContain('hidden')
})

test('-listen sets the address of the metrics, and the names of exoscale-exporter can be left out', () => {
  const flags = { listen: '127.0.0.1:9100', legacyExoscaleNames: false }
  const { config } = exoscaleExporterPreset({
    flags,
    env: { ...env, EXOSCALE_API_ENDPOINT: 'https://api.example/v2' },
    data: '/d',
  })
  expect(config).toMatchObject({
    ops: '127.0.0.1:9100',
    sources: { exoscale: { legacy_names: false, endpoint: 'https://api.example' } },
  })
})

test.each([
  [{ EXOSCALE_API_KEY: 'EXOkey' }, {}, 'EXOSCALE_API_SECRET is not set'],
  [{ EXOSCALE_API_SECRET: 'x' }, {}, 'EXOSCALE_API_KEY is not set'],
  [env, { listen: '9999' }, '-listen is `9999`'],
  [env, { listen: ':99999' }, '-listen is `:99999`'],
])('%j and %j are rejected', (variables, flags, words) => {
  const plan = (): unknown => exoscaleExporterPreset({ flags, env: variables, data: '/d' })
  expect(plan).toThrow(PresetProblem)
  expect(plan).toThrow(words)
})
