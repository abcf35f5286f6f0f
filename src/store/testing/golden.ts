/**
 * Writes a data folder for `fixtures/golden-v<N>` with the current version. Only for new versions: `node
 * src/store/testing/golden.ts src/store/fixtures/golden-v<N>/store`
 */
import { realHost, type Host } from '../../host/index.ts'
import { openStore } from '../index.ts'
import { msPerHour } from '../names.ts'
import { anyFlows } from './any-flows.ts'
import { event, FrameMaker, recordingLog, recordingMetrics, resolver, startOfDay } from './frames.ts'

const utf8 = new TextEncoder()

/** Every field of the registry and every encoding of event data. */
export async function makeGolden(directory: string): Promise<void> {
  let now = startOfDay
  const real = realHost()
  const host: Host = { ...real, clock: { ...real.clock, now: () => now } }
  const store = await openStore({ host, directory, resolver, log: recordingLog(), metrics: recordingMetrics() })
  const make = new FrameMaker(3)
  for (let i = 0; i < 4; i++) {
    await store.projection.apply([
      make.flows(
        [
          { src: '10.0.0.1', dst: `10.0.1.${i}`, bytes: 1000 + i, sampling: 100 },
          { src: '2001:db8::1', dst: '10.0.0.1', bytes: 2n ** 63n },
        ],
        now + i,
      ),
      make.events(
        [
          event(`a${i}`, {
            json: { level: i, text: 'grüezi' },
            subject: 'thing',
            extensions: { tenant: 'blue' },
            family: 'audit',
            key: 'k',
            ref: 'k8s:c1/apps/Deployment/ns/web',
          }),
        ],
        now + i,
      ),
    ])
    await store.projection.commit()
  }
  await store.projection.apply([
    make.batch(anyFlows(real.random, 20, 1, now).batch, now, 'netflow'),
    make.batch(anyFlows(real.random, 5, 0.1, now).batch, now, 'netflow'),
  ])
  await store.projection.commit()
  now += 2 * msPerHour
  while (await store.maintain());
  make.lose('netflow', 5)
  await store.projection.apply([
    make.flows([{ src: '10.0.0.9', dst: '10.0.0.1' }], now),
    make.batch(anyFlows(real.random, 10, 1, now).batch, now, 'netflow'),
    make.events(
      [
        event('text', { encoding: 'text', data: utf8.encode('plain') }),
        event('binary', { encoding: 'binary', data: Uint8Array.of(0, 255) }),
        event('invalid', { encoding: 'json', data: utf8.encode('{no') }),
        event('none'),
      ],
      now,
    ),
  ])
  await store.projection.commit()
  await store.close()
}

if (import.meta.main) await makeGolden(process.argv[2] ?? '')
