import { expect, test } from 'vitest'
import { ordinaryValues } from '../../../../test/kit/ordinary-values.ts'
import { Redactor } from './redact.ts'

test('of 10,000 ordinary values of ConfigMaps at most one in two hundred is redacted', () => {
  const redactor = new Redactor({ key: Buffer.from('key of the test') })
  const all = ordinaryValues(10_000)
  const changed = all.filter(({ key, value }) => {
    const { data } = redactor.redact({ apiVersion: 'v1', kind: 'ConfigMap', data: { [key]: value } }) as {
      data?: Readonly<Record<string, string>>
    }
    return data?.[key] !== value
  })
  expect([...new Set(changed.map(({ key }) => key))]).toEqual([])
  expect(changed.length).toBeLessThanOrEqual(all.length / 200)
})
