// Changes of a seeded world that happen again and again, or at the second of an incident, without an effect.
import type { SeededRandom } from '../../../test/kit/random.ts'
import { between, deployment, minute, people, refOf, replace, type Service, type Written } from './incident-services.ts'

/** Programs that write mounted configuration, keys and replicas every few minutes. */
export function repeatedWrites(
  random: SeededRandom,
  services: readonly Service[],
  { from, to }: Readonly<{ from: number; to: number }>,
): Written[] {
  const [priced, keyed, scaled] = [random.pick(services), random.pick(services), random.pick(services)]
  const every = (seconds: number, write: (at: number, index: number) => Written): Written[] => {
    const written: Written[] = []
    for (let at = from + random.next() * seconds * 1000; at < to; at += seconds * 1000 * between(random, 0.7, 1.3))
      written.push(write(at, written.length))
    return written
  }
  return [
    ...every(between(random, 20, 120), (at, index) => ({
      of: `ConfigMap/${priced.namespace}/${priced.config}`,
      at,
      user: 'system:serviceaccount:shop:price-bot',
      data: { operation: 'updated', patch: [replace('/data/price', String(index))] },
    })),
    ...every(between(random, 60, 300), (at, index) => ({
      of: `Secret/${keyed.namespace}/${keyed.name}-keys`,
      at,
      user: 'system:serviceaccount:vault:agent',
      data: { operation: 'updated', patch: [replace('/data/token', `sha256:${index}`)] },
    })),
    ...every(between(random, 120, 300), (at, index) => ({
      of: refOf('Deployment', scaled),
      at,
      user: 'system:serviceaccount:keda:operator',
      data: {
        operation: 'updated',
        old: deployment(scaled, 1, 2 + (index % 2)),
        new: deployment(scaled, 1, 3 - (index % 2)),
        patch: [replace('/spec/replicas', 3 - (index % 2))],
      },
    })),
  ]
}

/** At the second of each of `times`: notes, unmounted configuration, and an unrelated release. */
export function decoysAt(random: SeededRandom, near: Service, times: readonly number[]): Written[] {
  return times.flatMap((time) => {
    const at = time - random.next() * 1000
    const user = random.pick(people)
    return [
      {
        of: refOf('Deployment', near),
        at,
        user,
        data: { operation: 'updated', patch: [replace('/metadata/annotations/reviewed', String(at))] },
      },
      {
        of: `ConfigMap/${near.namespace}/dashboards`,
        at,
        user,
        data: { operation: 'updated', patch: [replace('/data/board', String(at))] },
      },
      {
        of: 'Deployment/tools/reporter',
        at: at - 2 * minute * random.next(),
        user,
        data: { operation: 'updated', patch: [replace('/spec/template/spec/containers/0/image', `reporter:${at}`)] },
      },
    ] satisfies Written[]
  })
}
