import { expect, test } from 'vitest'
import { ShopLogs } from './shop-logs.ts'

test('the lines have several levels, and errors of the api only while its database is unreachable', () => {
  const logs = new ShopLogs(1, 'run')
  const now = Date.parse('2026-11-20T10:00:00Z')
  const lines = Array.from({ length: 900 }, (_, step) => logs.lines(step * 200, now + step * 200)).flat()
  const severities = new Set(lines.map(({ data }) => (data as { severity: string }).severity))
  expect([...severities].sort()).toEqual(['debug', 'error', 'info', 'warn'])
  const errors = lines.filter(({ data }) => (data as { severity: string }).severity === 'error')
  const seconds = errors.map(({ time }) => (Date.parse(String(time)) - now) / 1000)
  expect(Math.min(...seconds)).toBeGreaterThanOrEqual(45)
  expect(Math.max(...seconds)).toBeLessThan(86)
  expect(new Set(lines.map(({ id }) => id)).size).toBe(lines.length)
})
