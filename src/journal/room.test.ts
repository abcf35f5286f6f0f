import { describe, expect, it } from 'vitest'
import { open, read, unit } from '../../test/kit/damaged-journal.ts'
import { fakeHost, type FakeHost } from '../../test/kit/fake-host.ts'
import { openJournal, type JournalLimits, type SegmentWriter } from './index.ts'

const directory = '/data/journal'
const free = 400_000
const limits: Partial<JournalLimits> = { segmentBytes: 64_000, keepBytes: 10_000_000, reserveBytes: 100_000 }

describe('a small volume', () => {
  async function small(): Promise<FakeHost> {
    const host = fakeHost(7)
    await host.disk.makeDirectory(directory)
    host.disk.fullAfter(free)
    return host
  }
  function large(host: FakeHost, name: string): ReturnType<typeof unit> {
    return { ...unit(name), raw: host.random.bytes(20_000) }
  }
  async function fill(host: FakeHost, journal: SegmentWriter, max: number, settle: boolean): Promise<number> {
    for (let at = 0; at < max; at++) {
      try {
        await journal.append(large(host, `n${at}`))
      } catch {
        return at
      }
      if (settle) await journal.release(journal.tail.durable().sequence)
    }
    return max
  }

  it('settled segments make room before the reserve is used, regardless of `keep`', async () => {
    const host = await small()
    const journal = await open({ host, directory }, limits)
    expect(await fill(host, journal, 100, true)).toBe(100)
    expect(await host.disk.free(directory)).toBeGreaterThan(limits.reserveBytes ?? 0)
    expect(journal.problem).toBeUndefined()
  })

  it('keeps settled segments while there is room', async () => {
    const host = await small()
    const journal = await open({ host, directory }, limits)
    expect(await fill(host, journal, 10, true)).toBe(10)
    expect(journal.size()).toBeGreaterThan(200_000)
  })

  it('is full only of unsettled rows, reports it, and accepts more once they are settled', async () => {
    const host = await small()
    const journal = await open({ host, directory }, limits)
    const taken = await fill(host, journal, 100, false)
    expect(taken).toBeGreaterThan(10)
    expect(taken).toBeLessThan(20)
    expect(journal.problem).toContain('are free')
    await journal.release(journal.tail.durable().sequence)
    expect(journal.problem).toBeUndefined()
    await journal.append(large(host, 'later'))
  })

  it('also removes the segment being written if no other remains and all of it is settled', async () => {
    const host = await small()
    const journal = await open({ host, directory }, { ...limits, segmentBytes: 10_000_000 })
    expect(await fill(host, journal, 100, false)).toBeLessThan(20)
    await journal.release(journal.tail.durable().sequence)
    expect(journal.problem).toBeUndefined()
    await journal.append(large(host, 'later'))
    expect(journal.segments().length).toBe(1)
  })

  it('accepts data again after the disk was full, once there is room', async () => {
    const host = await small()
    const journal = await open({ host, directory }, { ...limits, reserveBytes: 0 })
    expect(await fill(host, journal, 100, false)).toBeLessThan(25)
    expect(journal.problem).toContain('full')
    host.disk.fullAfter(200_000)
    await journal.release(0)
    expect(journal.problem).toBeUndefined()
    await journal.append(large(host, 'later'))
    expect((await read({ host, directory })).unreadable).toEqual([])
  })

  it('refuses when its folder is gone, instead of writing to unlinked files', async () => {
    const host = await small()
    const journal = await open({ host, directory }, limits)
    await journal.append(unit('a'))
    for (const name of await host.disk.list(directory)) await host.disk.remove(`${directory}/${name}`)
    await journal.release(0)
    expect(journal.problem).toContain(`${directory}/`)
    expect(journal.problem).toContain('removed')
  })

  it('settled segments go while the margin is used up, but only the reserve refuses', async () => {
    const host = await small()
    const journal = await open({ host, directory }, { ...limits, marginBytes: 100_000 })
    expect(await fill(host, journal, 100, true)).toBe(100)
    expect(await host.disk.free(directory)).toBeGreaterThan(199_000)
    expect(journal.tight).toBe(false)
    expect(await fill(host, journal, 11, false)).toBe(11)
    await journal.release(0)
    expect([journal.tight, journal.problem]).toEqual([true, undefined])
    await journal.release(journal.tail.durable().sequence)
    expect(journal.tight).toBe(false)
  })

  describe('a journal that waits for room', () => {
    const waiting = { ...limits, waitMs: 2000 }

    async function full(relieve?: () => Promise<boolean>): Promise<[FakeHost, SegmentWriter, string[]]> {
      const host = await small()
      const refusals: string[] = []
      const journal = await openJournal({
        host,
        directory,
        epoch: 1,
        limits: waiting,
        onRefusing: (why) => void refusals.push(why === undefined ? 'accepts' : 'refuses'),
        ...(relieve === undefined ? {} : { relieve }),
      })
      while ((await host.disk.free(directory)) >= 100_000) await journal.append(large(host, 'n'))
      return [host, journal, refusals]
    }

    it('does not refuse a post while settled segments are removed', async () => {
      const [host, journal, refusals] = await full()
      const appended = journal.append(large(host, 'late'))
      await host.advance(1900)
      await Promise.all([journal.release(journal.tail.durable().sequence), host.advance(60)])
      expect((await appended).position.sequence).toBeGreaterThan(0)
      expect([journal.problem, refusals]).toEqual([undefined, []])
    })

    it('refuses after two seconds, at once from then on, and reports it before the first refusal', async () => {
      const [host, journal, refusals] = await full()
      const outcomes: string[] = []
      const outcome = (append: Promise<unknown>): Promise<void> =>
        append.then(
          () => void outcomes.push('accepted'),
          () => void outcomes.push(`refused after ${refusals.join()}`),
        )
      const first = outcome(journal.append(large(host, 'first')))
      await host.advance(1000)
      await journal.release(0)
      expect([journal.problem, outcomes]).toEqual([undefined, []])
      await host.advance(1100)
      await first
      expect(outcomes).toEqual(['refused after refuses'])
      await outcome(journal.append(large(host, 'second')))
      expect(outcomes).toHaveLength(2)
      await journal.release(journal.tail.durable().sequence)
      expect(refusals).toEqual(['refuses', 'accepts'])
      await outcome(journal.append(large(host, 'third')))
      expect(outcomes.at(-1)).toBe('accepted')
    })

    it('takes the room that others leave', async () => {
      let removed = 0
      const [host, journal, refusals] = await full(() => {
        if (removed === 2) return Promise.resolve(false)
        removed++
        host.disk.fullAfter(removed === 2 ? 300_000 : 0)
        return Promise.resolve(true)
      })
      await journal.append(large(host, 'late'))
      expect([removed, refusals]).toEqual([2, []])
    })
  })
})
