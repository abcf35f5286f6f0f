import type { Probe, ProbeContext } from '../../engine/contracts.ts'
import { messageOf } from '../../model/errors.ts'
import { withoutUrlSecrets } from '../../model/url-text.ts'
import { checkLease } from '../../net/kubernetes/lease-check.ts'
import { readTls } from '../../net/tls.ts'
import { combined } from '../../polling/probes.ts'
import { PollClient } from './client.ts'
import type { HttpPollConfig } from './config.ts'
import { noState, readPage } from './map.ts'

const silent = (): void => undefined

/** Requests the first page once, and stores neither rows nor the position. */
export async function probeApi(config: HttpPollConfig, context: ProbeContext, signal: AbortSignal): Promise<Probe> {
  const url = withoutUrlSecrets(config.url)
  const lease = [await checkLease(config.lease, context, signal)].flat()
  let client: PollClient | undefined
  try {
    client = new PollClient(
      config,
      { ...context, metrics: { count: silent, set: silent } },
      await readTls(config.tls, context.host.disk),
    )
    const answer = await client.page(noState, signal)
    const isEmpty = answer === undefined || answer.status === 204 || answer.body.length === 0
    const { length } = isEmpty ? [] : readPage(answer.body, config, () => undefined).records
    const found: Probe =
      length === 0
        ? { is: 'warn', message: `${url} responds, but the first page has no records; check \`records\`` }
        : { is: 'ok', message: `${url}: ${length} records on the first page` }
    return combined([found, ...lease])
  } catch (error) {
    return { is: 'fail', message: `${url}: ${messageOf(error)}` }
  } finally {
    client?.close()
  }
}
