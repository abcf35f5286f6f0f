import { expect, test } from 'vitest'
import { LabelSet } from '../metrics/labels.ts'
import { LinePatterns, parseLogs, processed } from './index.ts'

function patternsOf(lines: readonly string[]): (readonly [pattern: string, lines: number])[] {
  const patterns = new LinePatterns(1000)
  for (const line of lines)
    patterns.add(processed({ time: 5_000_000_000n, line, stream: LabelSet.empty, metadata: {} }, [], 0n)!)
  return patterns.found.map(({ pattern, samples: [[time, count] = [0, 0]] }) => {
    expect(time).toBe(5)
    return [pattern, count]
  })
}

test('alike lines share a template of their differing parts, others have their own', () => {
  const lines = ['alice logged in from 10.0.0.1', 'bob logged in from 10.0.0.2', 'connection closed', '']
  expect(patternsOf(lines)).toEqual([
    ['<_> logged in from <_>', 2],
    ['connection closed', 1],
    ['', 1],
  ])
})

test('the parts after the hundredth, and neighbouring ones, are one variable', () => {
  const long = Array.from({ length: 200 }, (_, n) => `w${n}`).join(' ')
  const pattern = patternsOf([long, `${long} more`])[0]?.[0] ?? ''
  expect(pattern).toMatch(/^w0 w1 .*w49 <_>$/)
  expect(patternsOf(['open a,b now ok', 'open c;d now ok'])).toEqual([['open <_> now ok', 2]])
  expect(() => parseLogs(`{a="b"} |> \`${pattern}\``)).not.toThrow()
})

test('templates are bounded, and no line is lost', () => {
  const lines = Array.from({ length: 3000 }, (_, n) =>
    Array.from({ length: 1 + (n % 90) }, (__, at) => `${n}x${at}`).join(' '),
  )
  const found = patternsOf(lines)
  expect(found.length).toBeLessThanOrEqual(301)
  expect(found.reduce((sum, [, count]) => sum + count, 0)).toBe(3000)
})
