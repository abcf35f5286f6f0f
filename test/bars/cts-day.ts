// A day of traces on a clock of its own, most of them late, with restarts, an outage and a token that ends; beside it what a window that only looks
// back from now would have seen.
import type { Bar } from '../../tools/kit/bar.ts'
import { CtsScene, ctsStart, minute } from '../kit/cts-scene.ts'
import { SeededRandom } from '../kit/random.ts'

export default {
  name: 'cts-day',
  issue: '7.1',
  title: 'A day of a cloud whose traces become visible up to ten minutes late, with three restarts, two hours of outage and the end of a token: every trace is told, and none twice.',
  async run(context) {
    const minutes = context.size(1440, 360)
    const random = new SeededRandom(context.seed)
    const scene = await CtsScene.start()
    try {
      const { server, project } = scene
      const put: { readonly id: string; readonly resource: string; readonly time: number; readonly visible: number }[] = []
      for (let at = 0; at < minutes - 20; at++) {
        for (let count = Math.floor(random.next() * 5); count > 0; count--) {
          const time = ctsStart + at * minute + Math.floor(random.next() * minute)
          put.push({ id: `t${put.length}`, resource: `r${Math.floor(random.next() * 20)}`, time, visible: time + Math.floor(random.next() * 10 * minute) })
        }
      }
      for (const { id, resource, time, visible } of put) {
        server.put(project, [{ trace_id: id, time, record_time: visible, service_type: 'ECS', resource_type: 'ecs', resource_id: resource, trace_name: 'stop', trace_type: 'ApiCall', trace_rating: 'normal', user: { id: 'u', name: 'jdoe' } }], { visible })
      }
      server.lifetime = (minutes / 3) * 60
      const written = { look_back: '10m', auth: { type: 'password', user: server.user.name, password: server.user.password, domain: server.domain.name } } as const
      const restarts = [0.2, 0.5, 0.8].map((part) => Math.floor(minutes * part))
      const outage = [Math.floor(minutes * 0.6), Math.floor(minutes * 0.6) + 120] as const
      let place = await scene.place(written)
      // As cts_exporter asks, every minute for the last one and the time that the last request took.
      const windowed = new Set<string>()
      let asked = 0
      for (let at = 0; at <= minutes; at++, scene.now = ctsStart + at * minute) {
        const away = at >= outage[0] && at < outage[1]
        if (!away) for (const { id, time, visible } of put) if (visible <= scene.now && time > scene.now - minute - 2000 && time < scene.now) windowed.add(id)
        if (restarts.includes(at)) place = await scene.place(written)
        if (at === outage[0]) server.fail(/./, { status: 503 }, Infinity)
        if (at === outage[1]) server.mend()
        if (await place.poll().then(() => true, () => false)) asked++
      }
      const ids = scene.ids
      const told = new Set(ids)
      const missing = put.filter(({ id }) => !told.has(id)).length
      const times = new Map(put.map((one) => [one.id, one]))
      // What was told later though it happened before must have become visible later.
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
      context.figure('told', ids.length, 'traces')
      context.figure('rounds that were answered', asked, 'rounds')
      context.figure('tokens asked for', server.requests(/auth\/tokens/).length, 'tokens')
      context.figure('missed by a window that looks back from now', Math.round((1 - windowed.size / put.length) * 1000) / 10, '%')
      context.expect(missing === 0, `every trace is told (${missing} are missing)`)
      context.expect(ids.length === told.size, `none is told twice (${ids.length - told.size} are)`)
      context.expect(disordered === 0, `traces of a resource are told in the order in which they happened, as far as that could be seen (${disordered} are not)`)
    } finally {
      await scene.stop()
    }
  },
} satisfies Bar
