import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { post, start } from '../../../src/api/testing/kit.ts'
import { RoundRobin } from '../../../test/browser/kit/round-robin.ts'
import { LiveEngine } from './engine.ts'
import { tabTimeoutMs, type FromTab, type ToTab, type WantedView } from './messages.ts'

interface Tab {
  readonly received: ToTab[]
  readonly send: (message: FromTab) => void
  readonly shown: (view: string) => unknown[]
}

function openTab(engine: LiveEngine): Tab {
  const received: ToTab[] = []
  const send = engine.join((message) => received.push(message))
  const shown = (view: string): unknown[] =>
    received.flatMap((message) =>
      message.is === 'rows' && message.rows.view === view
        ? message.rows.rows.map((row) => row[message.rows.cols.indexOf('id')])
        : [],
    )
  return { received, send, shown }
}

const events = (id: string, more: object = {}): WantedView => ({
  id,
  kind: 'rows',
  q: { stream: 'events', ...more },
  columns: ['id', '_pos'],
})

const counts = (tab: Tab, view: string): object | undefined =>
  tab.received.flatMap((message) => (message.is === 'stat' && message.stat.view === view ? [message.stat] : [])).at(-1)

async function engineOn(url: string): Promise<LiveEngine> {
  const engine = new LiveEngine(url)
  onTestFinished(() => engine.stop())
  return engine
}

const send = (url: string, id: string): Promise<Response> =>
  post(
    `${url}/events`,
    { specversion: '1.0', id, source: '/a', type: 't' },
    { 'content-type': 'application/cloudevents+json' },
  )

test('tabs share equal views under their own ids, and a later tab receives the cached rows', async () => {
  const { api } = await start({ limits: { viewsPerStream: 1, streamsPerUser: 1 } })
  const engine = await engineOn(api.url)
  const [first, second] = [openTab(engine), openTab(engine)]
  first.send({ is: 'views', views: [events('first-view')] })
  await expect.poll(() => first.received.at(-1)).toMatchObject({ is: 'rows', rows: { snapshot: true } })
  await send(api.url, 'one')
  await expect.poll(() => first.shown('first-view')).toEqual(['one'])
  // The server allows one view per stream and would reject a second.
  second.send({ is: 'views', views: [events('second-view')] })
  expect(second.shown('second-view')).toEqual(['one'])
  await send(api.url, 'two')
  await expect
    .poll(() => [first.shown('first-view'), second.shown('second-view')])
    .toEqual([
      ['one', 'two'],
      ['one', 'two'],
    ])
  // Each tab has the counts since it opened the view.
  await expect.poll(() => counts(first, 'first-view')).toMatchObject({ matched: 2, shown: 2, pending: 0 })
  await expect.poll(() => counts(second, 'second-view')).toMatchObject({ matched: 1, shown: 1, pending: 0 })
  first.send({ is: 'views', views: [events('first-view'), events('again')] })
  expect(first.shown('again')).toEqual(['one', 'two'])
  second.send({ is: 'bye' })
  await send(api.url, 'three')
  await expect.poll(() => first.shown('first-view')).toEqual(['one', 'two', 'three'])
  await expect.poll(() => counts(first, 'first-view')).toMatchObject({ matched: 3, shown: 3 })
  await expect.poll(() => counts(first, 'again')).toMatchObject({ matched: 1, shown: 1 })
  expect(second.shown('second-view')).toEqual(['one', 'two'])
})

test('an invalid filter is reported to the tab, and the next one works', async () => {
  const { api } = await start()
  const tab = openTab(await engineOn(api.url))
  tab.send({ is: 'views', views: [events('a', { filter: 'id = ' })] })
  await expect.poll(() => tab.received.at(-1)).toMatchObject({ is: 'link', link: { state: 'refused', status: 400 } })
  tab.send({ is: 'views', views: [events('a', { filter: 'id = "yes"' })] })
  await expect
    .poll(() => tab.received.some((message) => message.is === 'link' && message.link.state === 'live'))
    .toBe(true)
  await send(api.url, 'no')
  await send(api.url, 'yes')
  await expect.poll(() => tab.shown('a')).toEqual(['yes'])
})

test('without subscribers the stream is closed', async () => {
  const { api } = await start({ limits: { streamsPerUser: 1 } })
  const engine = await engineOn(api.url)
  const tab = openTab(engine)
  tab.send({ is: 'views', views: [events('a')] })
  await expect
    .poll(() => tab.received.some((message) => message.is === 'link' && message.link.state === 'live'))
    .toBe(true)
  expect((await fetch(`${api.url}/api/v1/live`)).status).toBe(429)
  tab.send({ is: 'views', views: [] })
  await expect
    .poll(async () => {
      await sleep(50)
      const line = new AbortController()
      const { status } = await fetch(`${api.url}/api/v1/live`, { signal: line.signal })
      line.abort()
      return status
    })
    .toBe(200)
  expect(tab.received.at(-1)).toEqual({ is: 'link', link: { state: 'idle' } })
})

test('a tab that was silent for too long must send its views again, and then receives rows', async () => {
  const { api } = await start()
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const engine = await engineOn(api.url)
  const tab = openTab(engine)
  tab.send({ is: 'views', views: [events('a')] })
  await expect.poll(() => tab.received.at(-1)).toMatchObject({ is: 'rows', rows: { snapshot: true } })
  const now = Date.now()
  const clock = vi.spyOn(Date, 'now').mockReturnValue(now + tabTimeoutMs + 1)
  vi.advanceTimersByTime(tabTimeoutMs)
  clock.mockRestore()
  await sleep(100)
  await send(api.url, 'missed')
  await sleep(100)
  expect(tab.shown('a')).toEqual([])
  tab.send({ is: 'here' })
  expect(tab.received.at(-1)).toEqual({ is: 'again' })
  tab.send({ is: 'views', views: [events('a')] })
  await expect.poll(() => tab.shown('a')).toEqual(['missed'])
  await send(api.url, 'next')
  await expect.poll(() => tab.shown('a')).toEqual(['missed', 'next'])
})

test('the tab resumes after a server restart, and its counts continue', async () => {
  const { api, port } = await start()
  const tab = openTab(await engineOn(api.url))
  tab.send({ is: 'views', views: [events('a')] })
  await expect.poll(() => tab.received.at(-1)).toMatchObject({ is: 'rows', rows: { snapshot: true } })
  await send(api.url, 'before')
  await expect.poll(() => tab.shown('a')).toEqual(['before'])
  await api.close()
  await expect
    .poll(() => tab.received.at(-1), { timeout: 10_000 })
    .toMatchObject({ is: 'link', link: { state: 'waiting' } })
  const again = await start({ listen: { host: '127.0.0.1', port } })
  tab.send({ is: 'retry' })
  await expect
    .poll(() => tab.received.findLast(({ is }) => is === 'link'), { timeout: 20_000 })
    .toMatchObject({ link: { state: 'live' } })
  await send(again.api.url, 'back')
  await expect.poll(() => tab.shown('a')).toContain('back')
  await expect.poll(() => counts(tab, 'a')).toMatchObject({ matched: 2, shown: 2, pending: 0 })
})

test('behind a round-robin balancer the current views are shown and only one stream is open', async () => {
  const servers = [await start(), await start()]
  const proxy = await RoundRobin.open(servers.map(({ api }) => api.url))
  onTestFinished(() => proxy.close())
  const tab = openTab(await engineOn(proxy.url))
  for (const [turn, filter] of ['type = t', 'source = "/a"', 'id != nothing'].entries()) {
    tab.send({ is: 'views', views: [events(`v${turn}`, { filter })] })
    await expect
      .poll(() => tab.received.some((message) => message.is === 'rows' && message.rows.view === `v${turn}`))
      .toBe(true)
    for (const { api } of servers) await send(api.url, `row-${turn}-${api.url}`)
    await expect.poll(() => tab.shown(`v${turn}`).filter((id) => String(id).startsWith(`row-${turn}-`)).length).toBe(1)
  }
  expect(proxy.requests.flat().filter((one) => one === 'PUT /api/v1/live/')).toEqual([])
  expect(proxy.requests.flat().filter((one) => one === 'POST /api/v1/live').length).toBeLessThanOrEqual(3)
})
