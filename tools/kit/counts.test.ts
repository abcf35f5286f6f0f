import { expect, test } from 'vitest'
import { addCounts, countReport, failedFiles, findCounts, formatCounts, type VitestReport } from './counts.ts'

const allowed = [{ name: 'nats-server', reason: 'not everywhere' }]

function report(success: boolean, ...tests: readonly [name: string, status: string][]): VitestReport {
  return {
    success,
    testResults: [
      {
        name: 'a.test.ts',
        status: success ? 'passed' : 'failed',
        message: '',
        startTime: 0,
        endTime: 1000,
        assertionResults: tests.map(([name, status]) => ({
          ancestorTitles: name.split(' > ').slice(0, -1),
          title: name.split(' > ').at(-1) ?? '',
          status,
        })),
      },
    ],
  }
}

test('passed, failed and agreed skips are counted', () => {
  const { counts, complaints } = countReport(
    report(false, ['a', 'passed'], ['b', 'failed'], ['nats-server > c', 'skipped']),
    allowed,
  )
  expect(counts).toEqual({ passed: 1, failed: 1, skipped: 1 })
  expect(complaints).toEqual([expect.stringMatching(/^b in a\.test\.ts: /)])
})

test('a skip that is not listed counts as failed and is named, also one with a similar prefix', () => {
  const { counts, complaints } = countReport(
    report(true, ['a', 'passed'], ['b', 'todo'], ['nats-server-x > c', 'skipped']),
    allowed,
  )
  expect(counts).toEqual({ passed: 1, failed: 2, skipped: 0 })
  expect(complaints).toEqual([expect.stringContaining('b (todo)'), expect.stringContaining('nats-server-x > c')])
})

test('skips of a listed test file are agreed', () => {
  const skipped = report(true, ['a', 'skipped'])
  const files = { ...skipped, testResults: [{ ...skipped.testResults[0]!, name: '/checkout/test/real/a.test.ts' }] }
  const listed = (name: string): unknown => countReport(files, [{ name, reason: 'not everywhere' }]).counts
  expect(listed('test/real/a.test.ts')).toEqual({ passed: 0, failed: 0, skipped: 1 })
  expect(listed('real/b.test.ts')).toEqual({ passed: 0, failed: 1, skipped: 0 })
})

test('a file that did not load counts as one failure', () => {
  expect(countReport(report(false), allowed).counts).toEqual({ passed: 0, failed: 1, skipped: 0 })
})

test('a failed run without a failed test counts as one failure', () => {
  const one = report(false, ['a', 'passed'])
  const { counts } = countReport(
    { success: false, testResults: [{ ...one.testResults[0]!, status: 'passed' }] },
    allowed,
  )
  expect(counts).toEqual({ passed: 1, failed: 1, skipped: 0 })
})

test('counts are printed, found again as the last of a text, and added', () => {
  const line = formatCounts({ passed: 3, failed: 2, skipped: 1 })
  expect(findCounts(`0 passed, 0 failed, 0 skipped\nx ${line}\n`)).toEqual({ passed: 3, failed: 2, skipped: 1 })
  expect(findCounts('nothing')).toBeUndefined()
  expect(
    addCounts([
      { passed: 1, failed: 1, skipped: 0 },
      { passed: 2, failed: 0, skipped: 5 },
    ]),
  ).toEqual({ passed: 3, failed: 1, skipped: 5 })
})

test('files are named in which a test failed, did not run, or was skipped without leave', () => {
  const {
    testResults: [file],
  } = report(false, ['a', 'passed'], ['b', 'failed'])
  const of = (name: string, status: string, tests: readonly string[]): VitestReport['testResults'][number] => ({
    ...file!,
    name,
    status,
    assertionResults: tests.map((each) => ({ ancestorTitles: [], title: 'x', status: each })),
  })
  const files = [
    of('fine', 'passed', ['passed']),
    of('one', 'failed', ['passed', 'failed']),
    of('none', 'failed', []),
    of('skips', 'passed', ['skipped']),
  ]
  expect(failedFiles({ success: false, testResults: files }, allowed)).toEqual(['one', 'none', 'skips'])
})
