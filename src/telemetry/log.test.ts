import { Worker, MessageChannel } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { fakeHost, startOfTime } from '../../test/kit/fake-host.ts'
import { WeirError } from '../model/errors.ts'
import { collectLog, forwardLog, lineWriter, ProgramLog, type Level } from './log.ts'
import { MetricStore } from './metrics.ts'

function make(level?: Level, format?: 'text' | 'json') {
  const host = fakeHost(1)
  const lines: string[] = []
  const metrics = new MetricStore({ strict: true })
  const write = lineWriter((line) => lines.push(line), format)
  const log = new ProgramLog({
    clock: host.clock,
    timers: host.timers,
    write,
    metrics,
    ...(level === undefined ? {} : { level }),
  })
  return { host, lines, log, metrics }
}
const start = new Date(startOfTime).toISOString()

describe('a line of text', () => {
  test('is a sentence with its fields', () => {
    const { log, lines } = make()
    log.info('A listener is open.', {
      listener: '0.0.0.0:2055',
      rows: 12,
      note: 'two words',
      on: true,
      none: null,
      gone: undefined,
    })
    expect(lines).toEqual([
      `${start} info  A listener is open. listener=0.0.0.0:2055 rows=12 note="two words" on=true none=null\n`,
    ])
  })

  test('cannot be split, nor control a terminal, by untrusted text', () => {
    const { log, lines } = make()
    log.warn('Two\nlines', {
      from: 'a\n2026 error forged',
      color: '\u001b[31mred',
      next: '\u0085',
      quote: '"',
      lists: ['a', 1n],
    })
    expect(lines).toEqual([
      `${start} warn  Two\\nlines from="a\\n2026 error forged" color="\\u001b[31mred" next="\\u0085" ` +
        'quote="\\"" lists="[\\"a\\",\\"1\\"]"\n',
    ])
  })

  test('of a Weir error has its code and advice, of another error its place', () => {
    const { log, lines } = make()
    log.error('It failed.', { error: new WeirError('WEIR_JOURNAL_FULL', 'no room') })
    log.error('It failed again.', { error: new TypeError('x is undefined') })
    expect(lines[0]).toBe(
      `${start} error It failed. error="no room" code=WEIR_JOURNAL_FULL advice="A sink lags or the disk is ` +
        `full; \`weir ledger\` lists the pending rows of each sink."\n`,
    )
    expect(lines[1]).toMatch(/ error It failed again\. error="x is undefined" at=.*log\.test\.ts:\d+:\d+"?\n$/)
  })
})

test('a JSON line is one object, and no field replaces its own keys', () => {
  const { log, lines } = make(undefined, 'json')
  log.with({ source: 'netflow' }).warn('Logged.', { level: 'fake', rows: 3 })
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    source: 'netflow',
    rows: 3,
    time: start,
    level: 'warn',
    message: 'Logged.',
  })
})

test('lines below the level are counted, not written', () => {
  const { log, lines, metrics } = make('warn')
  for (const level of ['debug', 'info', 'warn', 'error'] as const) log[level]('x')
  expect(lines).toHaveLength(2)
  expect(metrics.value('weir_log_lines_total', { level: 'debug' })).toBe(1)
  expect(metrics.value('weir_log_lines_total', { level: 'error' })).toBe(1)
})

describe('a repeated line', () => {
  test('is written five times, then once more with the number of suppressed repeats', async () => {
    const { host, log, lines } = make()
    for (let i = 1; i <= 12; i++) log.warn('Same.', { i })
    expect(lines.map((line) => line.slice(start.length))).toEqual([1, 2, 3, 4, 5].map((i) => ` warn  Same. i=${i}\n`))
    await host.advance(10_000)
    const later = new Date(startOfTime + 10_000).toISOString()
    expect(lines.slice(5)).toEqual([`${later} warn  Same. i=12 repeated="7 times"\n`])
    log.warn('Same.', { i: 13 })
    expect(lines[6]).toBe(`${later} warn  Same. i=13\n`)
  })

  test('is not written again if no repeat was suppressed', async () => {
    const { host, log, lines } = make()
    for (let i = 0; i < 5; i++) log.info('Same.')
    await host.advance(60_000)
    expect(lines).toHaveLength(5)
    expect(host.timersPending).toBe(0)
  })

  test('is identified by its level and component', () => {
    const { log, lines } = make()
    for (let i = 0; i < 5; i++) {
      log.info('Same.')
      log.error('Same.')
      log.with({ source: 'a' }).info('Same.')
    }
    expect(lines).toHaveLength(15)
  })

  test('is reported at the end of the process', () => {
    const { log, lines } = make()
    for (let i = 0; i < 7; i++) log.info('Same.')
    log.flush()
    expect(lines).toHaveLength(6)
    expect(lines[5]).toContain('repeated="2 times"')
    log.flush()
    expect(lines).toHaveLength(6)
  })

  test('needs bounded memory, however many different lines there are', () => {
    const { host, log, lines } = make()
    for (let i = 0; i < 3000; i++) log.info(`Line ${i}.`)
    expect(lines).toHaveLength(3000)
    expect(host.timersPending).toBeLessThanOrEqual(1000)
  })
})

test('lines of a worker arrive where lines are written, errors included', async () => {
  const { lines } = make()
  const { port1, port2 } = new MessageChannel()
  const code = `
    const { parentPort } = require('node:worker_threads')
    void (async () => {
      const { ProgramLog, forwardLog } = await import(${JSON.stringify(new URL('./log.ts', import.meta.url).href)})
      const { WeirError } = await import(${JSON.stringify(new URL('../model/errors.ts', import.meta.url).href)})
      parentPort.once('message', (port) => {
        const timers = { after: () => ({ cancel() {} }) }
        const clock = { now: () => 1700000000000 }
        const log = new ProgramLog({ clock, timers, write: forwardLog(port) }, { thread: 'ingest' })
        port.postMessage('of no concern')
        log.warn('From afar.', { error: new WeirError('WEIR_JOURNAL_SYNC', 'no sync') })
        port.close()
      })
    })()`
  const worker = new Worker(code, { eval: true })
  const closed = new Promise((resolve) => port1.once('close', resolve))
  collectLog(
    port1,
    lineWriter((line) => lines.push(line)),
  )
  worker.postMessage(port2, [port2])
  await closed
  await worker.terminate()
  expect(lines).toEqual([
    '2023-11-14T22:13:20.000Z warn  From afar. thread=ingest error="no sync" code=WEIR_JOURNAL_SYNC ' +
      'advice="The disk refused a sync; rows without an acknowledgement were not accepted."\n',
  ])
})

test('forwarded lines are plain data', () => {
  const posted: unknown[] = []
  const { host } = make()
  const log = new ProgramLog({
    clock: host.clock,
    timers: host.timers,
    write: forwardLog({ postMessage: (message) => void posted.push(structuredClone(message)) }),
  })
  log.info('x', { act: () => 1, symbol: Symbol('s') })
  expect(posted).toHaveLength(1)
})
