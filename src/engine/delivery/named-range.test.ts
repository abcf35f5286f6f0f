import { expect, it } from 'vitest'
import { fakeHost } from '../../../test/kit/fake-host.ts'
import { FrameMaker, startOfDay } from '../../store/testing/frames.ts'
import type { Enrichment } from '../contracts.ts'
import { namedRange } from './named-range.ts'
import { nameWaitMs, planRange, type Range } from './range.ts'
import { compileRoute } from './route.ts'

const route = compileRoute(['flows'], {})

class Names implements Enrichment {
  known = false
  readonly waited: number[] = []
  ready(sequence: number, _signal?: AbortSignal): Promise<void> {
    this.waited.push(sequence)
    return Promise.resolve()
  }
  enrich(batch: Parameters<Enrichment['enrich']>[0]): ReturnType<Enrichment['enrich']> {
    return {
      batch: this.known ? { ...batch, dictionary: [...batch.dictionary, 'named'] } : batch,
      unknown: !this.known,
    }
  }
}

function setup(names: Names | undefined, received: number) {
  const host = fakeHost(1)
  const frames = [new FrameMaker().flows([{ src: '10.1.0.1', dst: '10.1.0.2' }], received)]
  const signal = new AbortController()
  const plan = (enrichment: Enrichment | undefined): Range =>
    planRange(
      frames,
      { position: { sequence: 0, row: 0 }, sources: {} },
      { takes: () => true, route, enrichment, onBroken: () => {} },
    )
  return { host, signal, range: namedRange(plan, names, frames, host, signal.signal) }
}

function isNamed(range: Range | undefined): boolean {
  const batch = range?.pieces[0]?.batch
  return batch?.kind === 'flows' && batch.dictionary.includes('named')
}

it('flows with an unknown address wait, then are sent with the names known by then', async () => {
  const names = new Names()
  const { host, range } = setup(names, fakeHost(1).clock.now())
  let done = false
  const ended = range.then(() => (done = true))
  await host.advance(nameWaitMs - 1)
  expect(done).toBe(false)
  names.known = true
  await host.advance(1)
  await ended
  expect(isNamed(await range)).toBe(true)
  expect(names.waited).toEqual([1])
})

it('old flows, known addresses and missing enrichment cause no wait', async () => {
  const old = await setup(new Names(), startOfDay - 10 * 365 * 86_400_000).range
  expect([old?.rows, isNamed(old)]).toEqual([1, false])
  const names = new Names()
  names.known = true
  expect(isNamed(await setup(names, fakeHost(1).clock.now()).range)).toBe(true)
  expect((await setup(undefined, fakeHost(1).clock.now()).range)?.rows).toBe(1)
})

it('an enrichment that lags behind the journal delays flows only for a limited time', async () => {
  const names = new Names()
  names.ready = (_, signal?: AbortSignal) =>
    new Promise((resolve) => signal?.addEventListener('abort', () => resolve()))
  names.known = true
  const { host, range } = setup(names, fakeHost(1).clock.now())
  await host.advance(nameWaitMs)
  expect((await range)?.rows).toBe(1)
})

it('a stop during the wait changes nothing', async () => {
  const { host, signal, range } = setup(new Names(), fakeHost(1).clock.now())
  await host.advance(10)
  signal.abort()
  expect(await range).toBeUndefined()
})
