// A simulated day of traces, most of them late, with restarts, an outage and an expired token; compared with a client
// that polls a window before now. After the restart with an empty folder Weir emits the traces of the last ten minutes
// again with the same source, id and bytes; the receiver deduplicates by both (CloudEvents 1.0, 3.1.1).
import type { AcceptanceRun } from '../harness.ts'
import { CtsScene, ctsStart, minute } from '../../test/kit/cts-scene.ts'
import { SeededRandom } from '../../test/kit/random.ts'

export default {
  name: 'cts-day',
  issue: '7.1',
  title:
    'A day of late traces with three restarts, an outage and an expired token. Every trace is received once, ' +
    'in order per resource.',
  async run(context) {
    const minutes = context.size(1440, 360)
    const random = new SeededRandom(context.seed)
    const scene = await CtsScene.start()
    try {
      const { server, project } = scene
      const put: { readonly id: string; readonly resource: string; readonly time: number; readonly visible: number }[] =
        []
      for (let at = 0; at < minutes - 20; at++) {
        for (let count = Math.floor(random.next() * 5); count > 0; count--) {
          const time = ctsStart + at * minute + Math.floor(random.next() * minute)
          put.push({
            id: `t${put.length}`,
            resource: `r${Math.floor(random.next() * 20)}`,
            time,
            visible: time + Math.floor(random.next() * 10 * minute),
          })
        }
      }
      for (const { id, resource, time, visible } of put) {
        server.put(
          project,
          [
            {
              trace_id: id,
              time,
              record_time: visible,
              service_type: 'ECS',
              resource_type: 'ecs',
              resource_id: resource,
              trace_name: 'stop',
              trace_type: 'ApiCall',
              trace_rating: 'normal',
              user: { id: 'u', name: 'jdoe' },
            },
          ],
          { visible },
        )
      }
      server.lifetime = (minutes / 3) * 60
      const written = {
        look_back: '10m',
        auth: { type: 'password', user: server.user.name, password: server.user.password, domain: server.domain.name },
      } as const
      const restarts = [0.2, 0.5, 0.8].map((part) => Math.floor(minutes * part))
      const outage = [Math.floor(minutes * 0.6), Math.floor(minutes * 0.6) + 120] as const
      const [, emptied = 0] = restarts
      const lookBackMs = 10 * minute
      /** By source and id; the first one counts. */
      const received = new Map<string, { readonly id: string; readonly text: string }>()
      const journals: string[][] = []
      let [repeated, strange] = [0, 0]
      /** Passes a journal's rows to the receiver. Only rows since `from` may be duplicates. */
      const receive = (from: number) => {
        journals.push(scene.ids)
        for (const { id, source, time = 0, type, extensions, data } of scene.events) {
          const text = JSON.stringify([type, extensions, Buffer.from(data ?? []).toString()])
          const before = received.get(`${source} ${id}`)
          if (before === undefined) received.set(`${source} ${id}`, { id, text })
          else {
            repeated++
            if (before.text !== text || time < from) strange++
          }
        }
      }
      let place = await scene.place(written)
      // Like cts_exporter: every minute, for the last minute plus the duration of the last request.
      const windowed = new Set<string>()
      let requests = 0
      for (let at = 0; at <= minutes; at++, scene.now = ctsStart + at * minute) {
        const away = at >= outage[0] && at < outage[1]
        if (!away)
          for (const { id, time, visible } of put)
            if (visible <= scene.now && time > scene.now - minute - 2000 && time < scene.now) windowed.add(id)
        if (at === emptied) {
          receive(Infinity)
          scene.forget()
        }
        if (restarts.includes(at)) place = await scene.place(written)
        if (at === outage[0]) server.fail(/./, { status: 503 }, Infinity)
        if (at === outage[1]) server.mend()
        if (
          await place.poll().then(
            () => true,
            () => false,
          )
        )
          requests++
      }
      receive(ctsStart + emptied * minute - lookBackMs)
      const ids = [...received.values()].map(({ id }) => id)
      const emitted = new Set(ids)
      const missing = put.filter(({ id }) => !emitted.has(id)).length
      const twice = journals.reduce((sum, journal) => sum + journal.length - new Set(journal).size, 0)
      const times = new Map(put.map((one) => [one.id, one]))
      // A trace recorded later with an earlier time must have become visible later.
      const last = new Map<string, { readonly time: number; readonly visible: number }>()
      let disordered = 0
      for (const id of ids) {
        const one = times.get(id)
        if (one === undefined) continue
        const before = last.get(one.resource)
        if (before !== undefined && before.time > one.time && one.visible <= before.visible) disordered++
        last.set(one.resource, one)
      }
      context.figure('traces', put.length, 'traces')
      context.figure('received', ids.length, 'traces')
      context.figure('received again after the empty folder, under the same source and id', repeated, 'traces')
      context.figure('rounds that were answered', requests, 'rounds')
      context.figure('token requests', server.requests(/auth\/tokens/).length, 'tokens')
      context.figure(
        'missed by a window that looks back from now',
        Math.round((1 - windowed.size / put.length) * 1000) / 10,
        '%',
      )
      context.expect(missing === 0, `every trace is received (${missing} are missing)`)
      context.expect(twice === 0, `no journal has one twice (${twice} are)`)
      context.expect(
        ids.length === emitted.size,
        `by source and id the receiver has no duplicates (${ids.length - emitted.size} are)`,
      )
      context.expect(
        repeated > 0 && strange === 0,
        'repeated traces are of the ten minutes before the restart with an empty folder, and identical in ' +
          `every byte (${strange} of ${repeated} are not)`,
      )
      context.expect(
        disordered === 0,
        'traces of a resource are emitted in the order in which they happened, as far as it was visible ' +
          `(${disordered} are not)`,
      )
    } finally {
      await scene.stop()
    }
  },
} satisfies AcceptanceRun
