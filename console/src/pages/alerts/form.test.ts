import { expect, test } from 'vitest'
import { conditionBeyond, formOf, freeName, newForm, settingsOf } from './form.ts'

const state = { sel: '', act: 'new', on: 'flows', q: 'src.ns = shop', m: 'sum(drop_packets)/s', by: '' } as const

test('a new alert has the filter and the measure of the view, and an unused name', () => {
  const form = newForm(state, ['flows-sum-drop_packets-rate'])
  expect(form).toMatchObject({ name: 'flows-sum-drop_packets-rate-2', filter: 'src.ns = shop', condition: '' })
  expect(settingsOf(form)).toMatchObject({ filter: 'src.ns = shop', measure: 'sum(drop_packets)/s', condition: null })
  expect(freeName('/%', [])).toBe('alert')
})

test('an edited rule keeps the settings that have no control', () => {
  const settings = {
    on: 'flows',
    measure: 'bytes/s',
    filter: 'dst.port = 443',
    by: ['src_namespace', 'dst_namespace'],
    window: '10m',
    condition: '> 1 MB/s',
    every: '30s',
    for: '5m',
    resend: '1h',
    no_data: 'ok',
    severity: 'critical',
    labels: { team: 'net' },
    annotations: { summary: 'much: {{value}}', runbook: 'https://example.com' },
  } as const
  expect(settingsOf(formOf('a', settings))).toEqual(settings)
  const statement = { sql: 'SELECT 1 AS value', condition: '> 0', every: '5m', for: '0s', severity: 'info' } as const
  expect(settingsOf(formOf('b', statement))).toEqual({ ...statement, annotations: {} })
})

test('a proposed condition is beyond the largest value, in its unit', () => {
  expect(conditionBeyond(8_000_000, { unit: 'By', perSecond: true })).toBe('> 10 MB/s')
  expect(conditionBeyond(160, { unit: '{flow}', perSecond: true })).toBe('> 200/s')
  expect(conditionBeyond(12_345, { unit: '', perSecond: false })).toBe('> 15k')
  expect(conditionBeyond(160_000_000, { unit: 'ns', perSecond: false })).toBe('> 200ms')
  expect(conditionBeyond(0, { unit: 'By', perSecond: false })).toBe(undefined)
})
